import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { teamApp } from '../../docs/examples/cdk-app.ts';
import { RegisteredAccount } from '../../infra/registered-account/registered-account.ts';
import { registrations } from '../../infra/registered-account/registrations.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { aRecord, aStatus } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { app, listOf, ofType, type Resources, statements } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const accountId = '456789012345';
const ResourceProperties = { ServiceToken: 'arn:aws:lambda:…', accountId, name: 'genomics' };
const create = { RequestType: 'Create', ResourceProperties } as const;

describe('A stack with registered accounts', () => {
  const application = new App({ context: { '@aws-cdk/core:enablePartitionLiterals': true } });
  const stack = teamApp(application);
  new RegisteredAccount(stack, 'Physics', { accountId: '567890123456', name: 'physics' });
  const resources: Resources = application.synth().getStackByName('team-genomics').template.Resources;

  it('has a custom resource for each, with its registration, and one provider', () => {
    const custom = Object.values(ofType(resources, 'Custom::OrgkeeperAccount'));
    expect(custom.map(({ Properties: { ServiceToken: _, ...properties } }) => properties)).toEqual([
      { accountId, name: 'genomics', baseline: 'analytics', tags: { costCenter: '42' } },
      { accountId: '567890123456', name: 'physics' },
    ]);
    const tokens = custom.map(({ Properties }) => JSON.stringify(Properties.ServiceToken));
    expect(new Set(tokens).size).toBe(1);
  });

  it('lets one function put events on the bus, the other read the table, and nothing else', () => {
    const ours = Object.values(ofType(resources, 'AWS::IAM::Policy'))
      .flatMap(({ Properties }) => statements(Properties.PolicyDocument))
      .filter(({ Action }) => listOf(Action).some((action) => !/^(lambda|states):/.test(action)));
    expect(ours).toEqual([
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: 'arn:aws:events:eu-west-1:345678901234:event-bus/orgkeeper',
      },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
        Resource: 'arn:aws:dynamodb:eu-west-1:345678901234:table/orgkeeper',
      },
    ]);
  });
});

describe('The functions of a registered account', () => {
  const record = (more: object = {}) => ({
    ...aRecord({ accountId, generation: 2, ...more }),
    ...accountKey(accountId),
  });
  const status = (more: object = {}) => ({
    ...aStatus({ accountId, observedGeneration: 2, ...more }),
    ...statusKey(accountId),
  });
  const functions = (...items: object[]) => {
    const fake = fakeMain(items as Parameters<typeof fakeMain>[0]);
    return { ...fake, ...registrations({ ...fake.main, now: () => new Date() }) };
  };
  const waiting = { ...create, Data: { eventId: 'event-1' } };

  it('put the registration, without what CloudFormation adds', async () => {
    const { onEvent, put } = functions();
    const answer = await onEvent(create);
    expect(put).toEqual([
      { detailType: 'AccountRegistrationRequested', detail: { accountId, name: 'genomics' } },
    ]);
    expect(answer).toEqual({
      PhysicalResourceId: accountId,
      Data: { eventId: expect.stringMatching(/^event-/) },
    });
  });

  it('refuse a registration that is not valid, with the path', async () => {
    const { onEvent, put } = functions();
    const misspelt = { ...create, ResourceProperties: { ...ResourceProperties, baselin: 'x' } };
    await expect(onEvent(misspelt)).rejects.toThrow('detail.baselin: unknown key');
    expect(put).toEqual([]);
  });

  it('wait until intake has followed the request, even if the account was ready before', async () => {
    const before = functions(record({ changedBy: 'another' }), status());
    expect(await before.isComplete(waiting)).toEqual({ IsComplete: false });
    expect(await functions().isComplete(waiting)).toEqual({ IsComplete: false });
    const same = functions(record({ changedBy: 'another', followed: ['event-1'] }), status());
    expect(await same.isComplete(waiting)).toMatchObject({ IsComplete: true });
  });

  it('wait until the account is ready for its new registration, and then return its role and VPC', async () => {
    const old = functions(record({ changedBy: 'event-1' }), status({ observedGeneration: 1 }));
    expect(await old.isComplete(waiting)).toEqual({ IsComplete: false });
    const outputs = { 'role.arn': 'arn:role', 'vpc.id': 'vpc-1', 'subnet.public.id': 'subnet-1' };
    const ready = functions(record({ changedBy: 'event-1' }), status({ outputs }));
    expect(await ready.isComplete(waiting)).toEqual({
      IsComplete: true,
      Data: { roleArn: 'arn:role', vpcId: 'vpc-1' },
    });
  });

  it('fail with the reason if the request is rejected', async () => {
    const { isComplete, main } = functions();
    const cause = { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'event-1' };
    const request = { cause, sentBy: '345678901234', accountId, rejectedAt: new Date().toISOString() };
    const rejection = { reason: 'UnknownBaseline', message: 'There is none.', problems: [] };
    await putRejection(main.table, request, rejection);
    await expect(isComplete(waiting)).rejects.toThrow('UnknownBaseline: There is none.');
  });

  it('fail with the reason if the account fails', async () => {
    const condition = {
      type: 'Access',
      status: 'False',
      reason: 'AccessRoleDenied',
      message: 'No way in.',
      changedAt: '',
    };
    const failed = status({
      ready: false,
      conditions: [condition],
      lastPass: { ...aStatus().lastPass, result: 'failed' },
    });
    const { isComplete } = functions(record({ changedBy: 'event-1' }), failed);
    await expect(isComplete(waiting)).rejects.toThrow('Access AccessRoleDenied: No way in.');
  });

  it('change nothing when the resource is deleted', async () => {
    const { onEvent, isComplete, put } = functions(record(), status());
    const deleted = { ...create, RequestType: 'Delete', PhysicalResourceId: accountId } as const;
    expect(await onEvent(deleted)).toEqual({ PhysicalResourceId: accountId });
    expect(await isComplete(deleted)).toEqual({ IsComplete: true });
    expect(put).toEqual([]);
  });
});

describe('docs/examples/terraform/main.tf', () => {
  it('uses only outputs that the stack has', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/examples/terraform/main.tf'), 'utf8');
    const used = [...text.matchAll(/outputs\["(\w+)"\]/g)].map(([, name]) => name);
    const outputs = Object.keys(app().synth().getStackByName('orgkeeper').template.Outputs);
    expect(used).toEqual(['BusArn', 'ApiRoleArn']);
    expect(outputs).toEqual(expect.arrayContaining(used));
  });
});
