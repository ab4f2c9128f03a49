import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateTagsCommand, DeleteTagsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { QuickCreate } from '../../cli/commands/template.ts';
import { ROLE, readWorld } from '../../local/account-world.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

jest.setTimeout(240_000);

/** Accounts that are in no organization. */
const INVITED = '611111111111';
const NETWORKED = '622222222222';
const COVERING = '633333333333';
const LACKING = '644444444444';
const OPEN = '655555555555';
const EXTERNAL_ID = 'agreed-on-the-phone';

let runtime: TestRuntime;
let fleet: Fleet;
beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
}, 120_000);
afterAll(() => runtime?.stop());

const roleIn = (account: string) => `arn:aws:iam::${account}:role/${ROLE}`;
const mainRole = (name: string) => `arn:aws:iam::${runtime.accounts.main}:role/orgkeeper-${name}`;
const condition = ({ conditions }: AccountView, type: string) => conditions.find((one) => one.type === type);

/** The owner deploys what the command line gave them; the outputs of their stack. */
async function deploy(
  account: string,
  body: object,
  parameters: Record<string, string> = {},
  as: ReturnType<TestRuntime['as']> = runtime.as(account),
) {
  const cloudFormation = new CloudFormationClient(as);
  const Parameters = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
  const StackName = 'orgkeeper-member';
  const TemplateBody = JSON.stringify(body);
  await cloudFormation.send(
    new CreateStackCommand({ StackName, TemplateBody, Parameters, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
  );
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  expect(Stacks?.[0]?.StackStatus).toBe('CREATE_COMPLETE');
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
}

async function templateFor(account: string) {
  const { code, stdout, stderr } = await fleet.orgkeeper(
    'template',
    'member',
    '--account',
    account,
    '--name',
    'lab',
    '--json',
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as {
    externalId: string;
    roleArn: string;
    template: object;
    quickCreate: QuickCreate;
  };
}

/** What CloudFormation reads when an owner opens the link. */
async function templateOf({ url }: QuickCreate): Promise<object> {
  const templateUrl = new URLSearchParams(url.split('?').at(-1)).get('templateURL');
  return (await (await fetch(templateUrl ?? '')).json()) as object;
}

/** The permissions that docs/onboarding.md says the owner needs. */
function documentedActions(): string[] {
  const page = readFileSync('docs/onboarding.md', 'utf8');
  const paragraph = page.split('\n\n').find((one) => one.includes('`cloudformation:CreateStack`')) ?? '';
  return [...paragraph.matchAll(/`(\w+:\w+)`/g)].flatMap(([, action]) => action ?? []);
}

/** A user of the account who may do this and nothing else. */
async function userWith(account: string, UserName: string, Action: string[]) {
  const iam = new IAMClient(runtime.as(account));
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
  });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  return { ...runtime.as(account), credentials };
}

/** Registers as anybody does: one event, put from Main. */
async function register(account: string, externalId: string): Promise<void> {
  const detail = { accountId: account, name: 'lab', executionRoleArn: roleIn(account), externalId };
  await fleet.put('AccountRegistrationRequested', detail);
}

/** A role as an owner makes it by hand. */
async function makeByHand(
  account: string,
  Condition: object,
  actions: string[] | 'everything',
): Promise<void> {
  const iam = new IAMClient(runtime.as(account));
  const AWS = [
    mainRole('WorkflowLoopRunnerRole'),
    mainRole('ApiHandlerRole'),
    `arn:aws:iam::${account}:root`,
  ];
  const statement = { Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', Condition };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
  if (actions === 'everything') {
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await iam.send(new AttachRolePolicyCommand({ RoleName: ROLE, PolicyArn }));
    return;
  }
  const Statement = [{ Effect: 'Allow', Action: actions, Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'mine', PolicyDocument }));
}

/** Whether the API role, which the trust names too, may assume the execution role. */
async function admits(account: string, ExternalId: string | undefined): Promise<boolean> {
  const assume = async (settings: ConstructorParameters<typeof STSClient>[0], RoleArn: string) => {
    const command = new AssumeRoleCommand({
      RoleArn,
      RoleSessionName: 'somebody',
      ...(ExternalId && { ExternalId }),
    });
    const { Credentials: given } = await new STSClient(settings ?? {}).send(command);
    return {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    };
  };
  const settings = runtime.as(runtime.accounts.main);
  const credentials = await assume(settings, mainRole('ApiHandlerRole'));
  return assume({ ...settings, credentials }, roleIn(account)).then(
    () => true,
    (error: Error) => {
      if (!error.name.startsWith('AccessDenied')) throw error;
      return false;
    },
  );
}

describe('An account outside of the organization, whose owner deploys the member template', () => {
  it('is ready after one event, and can be entered with its ExternalId only', async () => {
    const { externalId, template, roleArn, quickCreate } = await templateFor(INVITED);
    expect(roleArn).toBe(roleIn(INVITED));
    const linked = await templateOf(quickCreate);
    expect(linked).toEqual(template);
    const outputs = await deploy(INVITED, linked);
    expect(outputs.ExecutionRoleArn).toBe(roleArn);
    expect(outputs.Register).toBe(
      `orgkeeper register ${INVITED} --name lab --execution-role-arn ${roleArn} --external-id ${externalId} --baseline analytics@1`,
    );
    await register(INVITED, externalId);
    await fleet.untilReady(INVITED);
    const view = await fleet.view(INVITED);
    expect(view).toMatchObject({ origin: 'invited', state: 'active' });
    expect(condition(view, 'Access')).toMatchObject({ status: 'True', reason: 'Verified' });
    expect(view.lastPass?.differences.filter(({ kind }) => kind === 'executionRole')).toEqual([]);
    expect(await admits(INVITED, externalId)).toBe(true);
    expect(await admits(INVITED, undefined)).toBe(false);
    expect(await admits(INVITED, 'wrong')).toBe(false);
  });

  it('has its role managed, with the permissions that Orgkeeper needs', async () => {
    const healthy = await readWorld(runtime, INVITED);
    const iam = new IAMClient(runtime.as(INVITED));
    const trust = healthy.role?.trust as { Version: string; Statement: object[] };
    const opened = {
      ...trust,
      Statement: [...trust.Statement, { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }],
    };
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument: JSON.stringify(opened) }),
    );
    await iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: 'analytics' }));
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'orgkeeper', PolicyDocument }));
    await iam.send(new UntagRoleCommand({ RoleName: ROLE, TagKeys: ['orgkeeper:owner', 'orgkeeper:name'] }));
    await runtime.clearCalls();
    const [view] = await fleet.sweep(INVITED);
    expect(view?.lastPass).toMatchObject({ result: 'corrected' });
    const writes = await runtime.calls({ account: INVITED, access: 'write' });
    expect(new Set(writes.map(({ session }) => session))).toEqual(new Set([view?.lastPass?.id]));
    expect(view?.lastPass?.differences.map(({ path }) => path).sort()).toEqual([
      'inlinePolicies.analytics',
      'inlinePolicies.orgkeeper',
      'tags.orgkeeper:name',
      'tags.orgkeeper:owner',
      'trustPolicy',
    ]);
    expect(await readWorld(runtime, INVITED)).toEqual(healthy);
    expect(view?.ready).toBe(true);
  });

  it('says what is denied if its owner removes a permission of Orgkeeper, and is ready once the permission is back', async () => {
    const iam = new IAMClient(runtime.as(INVITED));
    const policy = { RoleName: ROLE, PolicyName: 'orgkeeper' };
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(policy));
    await iam.send(new DeleteRolePolicyCommand(policy));
    await fleet.sweep(INVITED);
    const denied = await fleet.view(INVITED);
    expect(condition(denied, 'ExecutionRole')).toMatchObject({
      status: 'False',
      reason: 'AccessDenied',
      message: expect.stringMatching(/not authorized to perform: iam:GetRole/),
    });
    expect(denied.lastPass?.calls.writes).toBe(0);
    await iam.send(
      new PutRolePolicyCommand({ ...policy, PolicyDocument: decodeURIComponent(PolicyDocument) }),
    );
    const [ready] = await fleet.sweep(INVITED);
    expect(ready).toMatchObject({ ready: true, lastPass: { result: 'unchanged' } });
  });

  it('gets a new ExternalId into its trust policy by another registration, through the previous ExternalId', async () => {
    const before = (await fleet.record(INVITED))?.externalId;
    await register(INVITED, EXTERNAL_ID);
    await fleet.untilQuiet();
    await fleet.untilReady(INVITED);
    const view = await fleet.view(INVITED);
    expect(view.lastPass?.differences).toContainEqual(
      expect.objectContaining({ kind: 'executionRole', path: 'trustPolicy', action: 'updated' }),
    );
    expect(condition(view, 'Access')).toMatchObject({ status: 'True', reason: 'Verified' });
    expect(await admits(INVITED, EXTERNAL_ID)).toBe(true);
    expect(await admits(INVITED, before)).toBe(false);
    const [again] = await fleet.sweep(INVITED);
    expect(again).toMatchObject({ ready: true, lastPass: { result: 'unchanged' } });
  });

  it('never becomes unreachable by a baseline that would lock Orgkeeper out', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'baseline-')), 'closed.yaml');
    const shipped = readFileSync('infra/baselines/analytics.yaml', 'utf8');
    writeFileSync(
      file,
      shipped.replace(/^name: .*/m, 'name: closed').replace(/^ +- \$\{main\.runnerRole\}\n/m, ''),
    );
    const { stdout } = await fleet.orgkeeper('baseline', 'publish', file);
    const healthy = await readWorld(runtime, INVITED);
    const { code } = await fleet.orgkeeper('baseline', 'assign', stdout.trim(), INVITED, '--yes');
    expect(code).toBe(0);
    await fleet.untilAccounts(
      'are told',
      [INVITED],
      (view) => condition(view, 'ExecutionRole')?.reason === 'WouldLockOut',
    );
    expect(await readWorld(runtime, INVITED)).toEqual(healthy);
    const refused = await fleet.orgkeeper('template', 'member', '--account', INVITED);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/closed@1 does not admit/) });
    await fleet.orgkeeper('baseline', 'assign', 'analytics@1', '--from', stdout.trim(), '--yes');
    await fleet.untilReady(INVITED);
  });

  it('is not deployed by somebody who lacks one of the permissions that the page names', async () => {
    const { template } = await templateFor(NETWORKED);
    const needed = documentedActions().filter(
      (action) => !/:(DescribeStacks|AttachRolePolicy)$/.test(action),
    );
    expect(needed.length).toBeGreaterThan(10);
    for (const action of needed) {
      const others = documentedActions().filter((one) => one !== action);
      const somebody = await userWith(NETWORKED, `without-${action.replace(':', '-')}`, others);
      await expect(deploy(NETWORKED, template, { MakeNetwork: 'yes' }, somebody)).rejects.toThrow(
        `is not authorized to perform: ${action}`,
      );
    }
    const { role, vpcs } = await readWorld(runtime, NETWORKED);
    expect({ role, vpcs }).toEqual({ role: undefined, vpcs: [] });
  });

  it('has the network of the template recognised as ours, and completed', async () => {
    const { externalId, template } = await templateFor(NETWORKED);
    const actions = documentedActions();
    const owner = await userWith(NETWORKED, 'owner', actions);
    const outputs = await deploy(NETWORKED, template, { MakeNetwork: 'yes' }, owner);
    await register(NETWORKED, externalId);
    await fleet.untilReady(NETWORKED);
    const view = await fleet.view(NETWORKED);
    expect(view.outputs).toMatchObject({ 'vpc.id': outputs.VpcId, 'subnet.public.id': outputs.Subnet1Id });
    expect((await readWorld(runtime, NETWORKED)).vpcs).toHaveLength(1);
    const ec2 = new EC2Client(runtime.as(NETWORKED));
    const Resources = [outputs.VpcId ?? ''];
    await ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: 'orgkeeper:owner' }] }));
    await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'Name', Value: 'mine' }] }));
    await fleet.sweep(NETWORKED);
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: Resources }));
    expect(Vpcs?.[0]?.Tags).toContainEqual({ Key: 'orgkeeper:owner', Value: runtime.accounts.main });
  });
});

describe('A role that the owner of an account made by hand', () => {
  const condition_ = { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } };

  it('is accepted if it covers the baseline, and is never changed', async () => {
    await makeByHand(COVERING, condition_, 'everything');
    const { role } = await readWorld(runtime, COVERING);
    await register(COVERING, EXTERNAL_ID);
    await fleet.untilReady(COVERING);
    const [view] = await fleet.sweep(COVERING);
    expect(view).toMatchObject({ ready: true, lastPass: { result: 'unchanged' } });
    expect(condition(view as AccountView, 'ExecutionRole')?.message).toMatch(
      /is owner-managed; it covers the baseline/,
    );
    expect((await readWorld(runtime, COVERING)).role).toEqual(role);
    expect((await readWorld(runtime, COVERING)).parameters['/orgkeeper/role/arn']?.value).toBe(
      roleIn(COVERING),
    );
  });

  it('has each missing action named, and is never changed', async () => {
    const most = [
      's3:Get*',
      'cloudformation:*',
      'ce:*',
      'ec2:*',
      'elasticmapreduce:*',
      'iam:*',
      'sagemaker:*',
      'ssm:*',
      'tag:*',
    ];
    await makeByHand(LACKING, condition_, most);
    const { role } = await readWorld(runtime, LACKING);
    await register(LACKING, EXTERNAL_ID);
    await fleet.untilAccounts(
      'are told',
      [LACKING],
      (view) => condition(view, 'ExecutionRole')?.status === 'False',
    );
    const view = await fleet.view(LACKING);
    expect(view.ready).toBe(false);
    expect(condition(view, 'ExecutionRole')).toMatchObject({
      reason: 'PermissionsMissing',
      message: expect.stringMatching(/lacks s3:\* on \*\. Have its owner add what is missing/),
    });
    expect(view.lastPass?.differences.filter(({ kind }) => kind === 'executionRole')).toEqual([
      expect.objectContaining({ path: 'permissions.s3:* on *', action: 'reported' }),
    ]);
    expect((await readWorld(runtime, LACKING)).role).toEqual(role);
  });

  it('is reported as open if it requires no ExternalId', async () => {
    await makeByHand(OPEN, {}, 'everything');
    await register(OPEN, EXTERNAL_ID);
    await fleet.untilAccounts('are told', [OPEN], (view) => condition(view, 'Access')?.status === 'False');
    const view = await fleet.view(OPEN);
    expect(view.ready).toBe(false);
    expect(condition(view, 'Access')?.reason).toBe('AssumableWithoutExternalId');
  });

  it('is refused if Main may not assume a role of that name', async () => {
    const executionRoleArn = `arn:aws:iam::${OPEN}:role/Administrator`;
    await fleet.put('AccountRegistrationRequested', { accountId: OPEN, name: 'open', executionRoleArn });
    await fleet.untilQuiet();
    expect((await fleet.record(OPEN))?.executionRoleArn).toBe(roleIn(OPEN));
  });
});
