import { describe, expect, test } from '@jest/globals';
import { apply, diff } from '../../../controllers/kinds/network/network.ts';
import { ServiceFault } from '../../../shared/domain/errors.ts';
import { NOW } from '../../kit/clock.ts';
import { actualOf, type Case, change, failureOf, fakeContext, healthy, said, wantedWith } from './samples.ts';

const { s3 } = healthy.endpoints;
const wanted = wantedWith();
if (!s3) throw new Error('the sample is whole');

describe('the endpoints of a network', () => {
  const cases: Case[] = [
    {
      reason: 'a table that others gave our endpoint stays on it',
      actual: {
        endpoints: { s3: { ...s3, tableIds: ['rtb-1', 'rtb-main'] } },
      },
      says: ['? endpoint s3 routeTables.rtb-main'],
    },
    {
      reason: 'AWS knows one endpoint for a service and a route table, and it is not ours',
      actual: {
        endpoints: {},
        others: [{ ...s3, id: 'vpce-9', tags: {} }],
      },
      says: ['! ForeignResource endpoint s3 routeTables', '? endpoint vpce-9 '],
    },
    {
      reason: 'AWS cannot change the type of an endpoint',
      actual: { endpoints: { s3: { ...s3, endpointType: 'Interface' } } },
      says: ['! NeedsReplacement endpoint s3 type'],
    },
  ];
  test.each(cases)('$reason', ({ actual, says }) => {
    expect(said({ ...healthy, ...actual })).toEqual(says);
  });

  test.each([
    ['allows nothing', [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }], true],
    [
      'allows one bucket',
      [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::a/*' }],
      true,
    ],
    [
      'says full access otherwise',
      [{ Sid: 'A', Effect: 'Allow', Principal: { AWS: '*' }, Action: ['s3:*'], Resource: ['*'] }],
      false,
    ],
  ])('compare the policy of an endpoint that %s by its meaning', (_, Statement, differs) => {
    const policy = JSON.stringify({ Version: '2012-10-17', Statement });
    const { differences } = diff(wanted, actualOf({ ...healthy, endpoints: { s3: { ...s3, policy } } }));
    expect(differences.map(({ resource, path, action }) => [resource, path, action])).toEqual(
      differs ? [['endpoint s3', 'policy', 'updated']] : [],
    );
  });

  test('restore the policy of an endpoint', async () => {
    const deny =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}';
    const { s3 } = healthy.endpoints;
    const { context, sent } = fakeContext({});
    if (s3) await apply(change({ ...healthy, endpoints: { s3: { ...s3, policy: deny } } }), context);
    expect(sent).toMatchObject([
      {
        name: 'ModifyVpcEndpoint',
        input: { VpcEndpointId: 'vpce-1', PolicyDocument: expect.stringContaining('"Allow"') },
      },
    ]);
  });

  test('use the same client token for the same endpoint in a later run, and another one for other tags', async () => {
    const tokenOf = async (tags: Record<string, string>, later = NOW) => {
      const { context, sent } = fakeContext({ CreateVpcEndpoint: new ServiceFault('no answer') }, {}, later);
      await failureOf(apply(change({ ...healthy, endpoints: {} }, wantedWith({ tags })), context));
      return sent.find(({ name }) => name === 'CreateVpcEndpoint')?.input.ClientToken;
    };
    const first = await tokenOf({});
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await tokenOf({}, new Date(NOW.getTime() + 60_000))).toBe(first);
    expect(await tokenOf({ team: 'genomics' })).not.toBe(first);
  });
});
