import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteGroupPolicyCommand,
  DeleteRolePolicyCommand,
  GetGroupPolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  IAMClient,
  PutGroupPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identityOf } from '../../shared/aws/access.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

type Settings = ReturnType<TestRuntime['as']>;

const PolicyName = 'orgkeeper-assume';

/** The account whose principals enter the other one. */
const CONSUMER = `
name: consumer
roles:
  analysis:
    name: MyRoleA
    path: /analysis/
    instanceProfile: true
    trustPolicy:
      Version: "2012-10-17"
      Statement:
        - { Effect: Allow, Principal: { Service: ec2.amazonaws.com }, Action: sts:AssumeRole }
        - { Effect: Allow, Principal: { AWS: "\${account.id}" }, Action: sts:AssumeRole }
assumeGrants:
  - role: \${roles.analysis.name}
    assume: ["arn:aws:iam::\${values.owner}:role/MyRoleB"]
    passRole: true
  - group: analysts
    assume: ["arn:aws:iam::\${values.owner}:role/people"]
`;

/** The account that is entered. */
const OWNER = `
name: owner
roles:
  reader:
    name: MyRoleB
    trustPolicy:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: { AWS: ["arn:aws:iam::\${values.consumer}:role/analysis/MyRoleA"] }
          Action: sts:AssumeRole
    inlinePolicies:
      roles: { Version: "2012-10-17", Statement: [{ Effect: Allow, Action: iam:GetRole, Resource: "*" }] }
  people:
    trustPolicy:
      Version: "2012-10-17"
      Statement:
        - { Effect: Allow, Principal: { AWS: "\${values.consumer}" }, Action: sts:AssumeRole }
`;

let runtime: TestRuntime;
let fleet: Fleet;
let consumer: string;
let owner: string;
let ann: Settings;
let eve: Settings;

beforeAll(async () => {
  runtime = await startTestRuntime({ context: { defaultBaseline: 'plain' } });
  fleet = fleetOf(runtime);
  for (const text of ['name: plain\nroles: {}\n', CONSUMER, OWNER]) {
    const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'access.yaml');
    await writeFile(file, text);
    expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0 });
  }
  consumer = await fleet.createAccount('consumer');
  owner = await fleet.createAccount('owner');
  await fleet.untilReady(consumer, owner);
  await iam(consumer).send(new CreateGroupCommand({ GroupName: 'analysts' }));
  ann = await userOf('ann');
  eve = await userOf('eve');
  await iam(consumer).send(new AddUserToGroupCommand({ GroupName: 'analysts', UserName: 'ann' }));
}, 240_000);
afterAll(() => runtime?.stop());

const iam = (account: string) => new IAMClient(runtime.as(account));
const roleA = () => `arn:aws:iam::${consumer}:role/analysis/MyRoleA`;
const roleB = () => `arn:aws:iam::${owner}:role/MyRoleB`;
const people = () => `arn:aws:iam::${owner}:role/people`;

/** A user of the consuming account, and the client settings of its access key. */
async function userOf(UserName: string): Promise<Settings> {
  await iam(consumer).send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam(consumer).send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
  return { ...runtime.as(consumer), credentials: { accessKeyId, secretAccessKey } };
}

/** The client settings of a session of the role. @throws AccessDenied */
async function sessionOf(settings: Settings, RoleArn: string): Promise<Settings> {
  const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'analysis' });
  const credentials = identityOf((await new STSClient(settings).send(command)).Credentials);
  if (!credentials) throw new Error(`STS gave no credentials for ${RoleArn}`);
  return { ...settings, credentials };
}

/** Assumes MyRoleA, then MyRoleB with it. */
const enter = async () => sessionOf(await sessionOf(runtime.as(consumer), roleA()), roleB());
const denied = { name: expect.stringMatching(/^AccessDenied/) };

describe('Two accounts with roles', () => {
  it('wait for a principal of the other account that does not exist yet, and nothing else waits', async () => {
    const registration = { accountId: owner, name: 'owner', baseline: 'owner', values: { consumer } };
    await fleet.put('AccountRegistrationRequested', registration);
    await fleet.untilAccounts('wait for the role of the other', [owner], ({ conditions }) =>
      conditions.some(({ type, reason }) => type === 'Roles' && reason === 'PrincipalMissing'),
    );
    const { conditions } = await fleet.view(owner);
    expect(conditions.find(({ type }) => type === 'Roles')?.message).toContain(roleA());
    await expect(iam(owner).send(new GetRoleCommand({ RoleName: 'MyRoleB' }))).rejects.toThrow();
    expect((await iam(owner).send(new GetRoleCommand({ RoleName: 'people' }))).Role?.Arn).toBe(people());
  }, 120_000);

  it('are ready once both have theirs, with an instance profile where one is asked for', async () => {
    const registration = { accountId: consumer, name: 'consumer', baseline: 'consumer', values: { owner } };
    await fleet.put('AccountRegistrationRequested', registration);
    await fleet.untilAccounts(
      'have the consumer',
      [consumer],
      ({ ready, baseline }) => ready && baseline?.name === 'consumer',
    );
    expect(await fleet.sweep(owner)).toMatchObject([{ ready: true }]);
    const command = new GetInstanceProfileCommand({ InstanceProfileName: 'MyRoleA' });
    const { InstanceProfile } = await iam(consumer).send(command);
    expect(InstanceProfile).toMatchObject({ Path: '/analysis/', Roles: [{ RoleName: 'MyRoleA' }] });
  }, 120_000);

  it('let the role of one assume the role of the other, which may do what it may do', async () => {
    const session = await enter();
    const { Role } = await new IAMClient(session).send(new GetRoleCommand({ RoleName: 'people' }));
    expect(Role?.Arn).toBe(people());
  });

  it('let a user of the group enter, and no other user', async () => {
    await sessionOf(ann, people());
    await expect(sessionOf(eve, people())).rejects.toMatchObject(denied);
    await expect(sessionOf(ann, roleB())).rejects.toMatchObject(denied);
  });

  it.each<[string, () => string, () => Promise<unknown>, () => Promise<unknown>]>([
    [
      'the grant of the role',
      () => consumer,
      () => iam(consumer).send(new DeleteRolePolicyCommand({ RoleName: 'MyRoleA', PolicyName })),
      enter,
    ],
    [
      'the grant of the group',
      () => consumer,
      () => iam(consumer).send(new DeleteGroupPolicyCommand({ GroupName: 'analysts', PolicyName })),
      () => sessionOf(ann, people()),
    ],
    [
      'the trust of the other account',
      () => owner,
      () => {
        const Statement = [{ Effect: 'Allow', Principal: { AWS: owner }, Action: 'sts:AssumeRole' }];
        const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
        return iam(owner).send(new UpdateAssumeRolePolicyCommand({ RoleName: 'MyRoleB', PolicyDocument }));
      },
      enter,
    ],
  ])(
    'deny without %s, which the next run gives back',
    async (_, account, takeAway, use) => {
      await use();
      await takeAway();
      await expect(use()).rejects.toMatchObject(denied);
      const [view] = await fleet.sweep(account());
      expect(view).toMatchObject({ ready: true, lastPass: { result: 'corrected' } });
      expect(view?.lastPass?.differences).toHaveLength(1);
      await use();
    },
    60_000,
  );

  it('leave what others have on the group, and lose all that is ours at the retirement', async () => {
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }],
    });
    const theirs = { GroupName: 'analysts', PolicyName: 'theirs' };
    await iam(consumer).send(new PutGroupPolicyCommand({ ...theirs, PolicyDocument }));
    const retired = await fleet.orgkeeper('retire', consumer, '--resources', 'remove', '--yes', '--wait');
    expect(retired).toMatchObject({ code: 0 });
    await expect(iam(consumer).send(new GetRoleCommand({ RoleName: 'MyRoleA' }))).rejects.toThrow();
    const profile = new GetInstanceProfileCommand({ InstanceProfileName: 'MyRoleA' });
    await expect(iam(consumer).send(profile)).rejects.toThrow();
    const ours = new GetGroupPolicyCommand({ GroupName: 'analysts', PolicyName });
    await expect(iam(consumer).send(ours)).rejects.toThrow();
    expect(await iam(consumer).send(new GetGroupPolicyCommand(theirs))).toMatchObject({
      PolicyName: 'theirs',
    });
  }, 120_000);
});
