import { DeleteRouteCommand } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteParameterCommand, GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  AssumeRoleCommand,
  type Credentials,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HEALTHY_RUN } from '../../cli/cost.ts';
import { CIDR, ROLE, readIds, readWorld, SUBNET } from '../../local/account-world.ts';
import type { RecordedCall } from '../../local/gateway/recorder.ts';
import { handIn } from '../../local/tamperings/tampering.ts';
import { type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { sequentialDepth, watchedRun } from '../kit/journey/sequence.ts';
import { type MemberCalls, simulatedMemberCalls } from '../simulation/member-calls.ts';

const RUNNER = 'orgkeeper-WorkflowLoopRunnerRole';
const API = 'orgkeeper-ApiHandlerRole';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;
let id: string;
let another: string;
let onboarding: RecordedCall[];
let secondsToReady: number;
let simulated: MemberCalls;

beforeAll(async () => {
  // Before anything else runs: the simulation replaces the clock and the clients of the process while it lasts.
  simulated = await simulatedMemberCalls(1);
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
  const from = Date.now();
  id = await fleet.createAccount('genomics');
  await fleet.untilReady(id);
  secondsToReady = (Date.now() - from) / 1000;
  onboarding = await runtime.calls();
  another = await fleet.createAccount('proteomics');
  await fleet.untilReady(another);
}, 240_000);
afterAll(() => runtime?.stop());

const roleArn = () => `arn:aws:iam::${id}:role/${ROLE}`;
const externalId = async () => (await fleet.record(id))?.externalId;

describe('An account that is created in the organization', () => {
  it('becomes ready without a further request', async () => {
    expect(await fleet.view(id)).toMatchObject({
      name: 'genomics',
      email: 'genomics@example.com',
      origin: 'created',
      state: 'active',
      mode: 'enforce',
      baseline: { name: 'analytics' },
      ready: true,
    });
    expect(secondsToReady).toBeLessThan(60);
  });

  it('has the role, with its trust policy and its eight groups of permissions', async () => {
    const { main } = runtime.accounts;
    const { role } = await readWorld(runtime, id);
    expect(role).toMatchObject({
      path: '/',
      maxSessionDuration: 3600,
      boundary: '',
      attached: [],
      tags: { 'orgkeeper:owner': main },
    });
    expect(role?.trust).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: {
            AWS: [
              `arn:aws:iam::${main}:role/${API}`,
              `arn:aws:iam::${main}:role/${RUNNER}`,
              `arn:aws:iam::${id}:root`,
            ],
          },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': expect.stringMatching(/^[A-Za-z0-9]{32}$/) } },
        },
      ],
    });
    const policy = role?.inline.analytics as { Statement: { Sid: string }[] };
    expect(policy.Statement.map(({ Sid }) => Sid).sort()).toEqual(
      ['CloudFormation', 'CostExplorer', 'EC2', 'EMR', 'IAM', 'S3', 'SSM', 'SageMaker'].sort(),
    );
  });

  it('has one VPC with a public subnet, a route to the internet, and the S3 endpoint', async () => {
    const { vpcs, gateways, subnets, tables, endpoints } = await readWorld(runtime, id);
    expect(vpcs).toMatchObject([{ cidr: CIDR, dnsSupport: true, dnsHostnames: true }]);
    expect(gateways).toMatchObject([{ attachedTo: '<vpc>' }]);
    expect(Object.keys(subnets)).toEqual([SUBNET]);
    expect(subnets[SUBNET]).toMatchObject({ mapPublicIp: true, table: '<our table>' });
    expect(tables).toMatchObject([
      { subnets: [`<subnet ${SUBNET}>`], routes: { '0.0.0.0/0': '<gateway> active' } },
    ]);
    expect(endpoints).toMatchObject([
      { service: `com.amazonaws.${runtime.region}.s3`, type: 'Gateway', tables: ['<our table>'] },
    ]);
    const tagged = [...vpcs, ...gateways, ...Object.values(subnets), ...tables, ...endpoints];
    for (const { tags } of tagged) expect(tags['orgkeeper:owner']).toBe(runtime.accounts.main);
  });

  it('has parameters that publish its facts', async () => {
    const { parameters } = await readWorld(runtime, id);
    const values = Object.entries(parameters).map(([name, { value }]) => [name, value]);
    expect(Object.fromEntries(values)).toEqual({
      '/orgkeeper/account/id': id,
      '/orgkeeper/account/main-id': runtime.accounts.main,
      '/orgkeeper/account/name': 'genomics',
      '/orgkeeper/network/subnets/public': `<subnet ${SUBNET}>`,
      '/orgkeeper/network/vpc-cidr': CIDR,
      '/orgkeeper/network/vpc-id': '<vpc>',
      '/orgkeeper/role/arn': roleArn(),
    });
  });

  it('is announced as registered and as ready, once each', async () => {
    await bus.hear('AccountReady', (event) => event['detail-type'] === 'AccountReady');
    const said = await bus.heard(({ detail }) => detail.accountId === id);
    expect(said.map((event) => event['detail-type'])).toEqual(['AccountRegistered', 'AccountReady']);
    expect(said[1]?.detail).toMatchObject({
      name: 'genomics',
      baseline: { name: 'analytics' },
      cause: { source: 'aws.organizations' },
    });
  });
});

describe('The execution role', () => {
  /** Assumes a role; the code of the error where it is refused. */
  async function assume(by: ConstructorParameters<typeof STSClient>[0], arn: string, ExternalId?: string) {
    try {
      const { Credentials: given } = await new STSClient(by ?? {}).send(
        new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'a-test', ...(ExternalId && { ExternalId }) }),
      );
      return given as Credentials;
    } catch (error) {
      return (error as Error).name;
    }
  }
  async function session(by: ConstructorParameters<typeof STSClient>[0], arn: string) {
    const given = await assume(by, arn);
    if (typeof given === 'string') throw new Error(`${arn}: ${given}`);
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = given;
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    return { endpoint: runtime.endpoint, region: runtime.region, credentials };
  }

  it('was verified by the runner role: it accepts the ExternalId, and refuses a call without one and with a wrong one', async () => {
    const tries = onboarding.filter(
      ({ action, params, callerArn }) =>
        action === 'AssumeRole' && params.RoleArn === roleArn() && callerArn.includes(`/${RUNNER}/`),
    );
    const right = await externalId();
    const outcome = (fits: (given: unknown) => boolean) =>
      tries.filter(({ params }) => fits(params.ExternalId)).map(({ errorCode = 'allowed' }) => errorCode);
    expect(outcome((given) => given === right)).toContain('allowed');
    expect(new Set(outcome((given) => given === undefined))).toEqual(new Set(['AccessDenied']));
    expect(new Set(outcome((given) => given !== undefined && given !== right))).toEqual(
      new Set(['AccessDenied']),
    );
  });

  it('admits the API role with the ExternalId, and not without one or with a wrong one', async () => {
    const { main } = runtime.accounts;
    const api = await session(runtime.as(main), `arn:aws:iam::${main}:role/${API}`);
    const given = await assume(api, roleArn(), await externalId());
    expect(given).toMatchObject({ AccessKeyId: expect.stringMatching(/^ASIA/) });
    expect(await assume(api, roleArn())).toBe('AccessDenied');
    expect(await assume(api, roleArn(), 'a-wrong-external-id')).toBe('AccessDenied');
    const { externalId: others } = (await fleet.record(another)) ?? {};
    expect(await assume(api, roleArn(), others)).toBe('AccessDenied');
  });

  it('admits no other role of Main, and no principal of management or of other members', async () => {
    const { main, management } = runtime.accounts;
    const right = await externalId();
    const { iam } = handIn(runtime, main, await readIds(runtime, main));
    const trust = {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${main}:root` },
      Action: 'sts:AssumeRole',
    };
    const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const RoleName = `${RUNNER}-2`;
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'all',
        PolicyDocument: document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }),
      }),
    );
    const other = await session(runtime.as(main), `arn:aws:iam::${main}:role/${RoleName}`);
    const who = await new STSClient(other).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toContain(`${RoleName}/a-test`);
    for (const by of [other, runtime.as(main), runtime.as(management), runtime.as(another)]) {
      expect(await assume(by, roleArn(), right)).toBe('AccessDenied');
    }
  });

  it('can do in the account what its permissions allow', async () => {
    const { main } = runtime.accounts;
    const api = await session(runtime.as(main), `arn:aws:iam::${main}:role/${API}`);
    const given = await assume(api, roleArn(), await externalId());
    if (typeof given === 'string') throw new Error(given);
    const credentials = {
      accessKeyId: given.AccessKeyId ?? '',
      secretAccessKey: given.SecretAccessKey ?? '',
      sessionToken: given.SessionToken ?? '',
    };
    const ssm = new SSMClient({ endpoint: runtime.endpoint, region: runtime.region, credentials });
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/orgkeeper/account/id' }));
    expect(Parameter?.Value).toBe(id);
  });
});

/** Calls as the simulation writes them, in alphabetical order. */
const written = (calls: readonly RecordedCall[]) =>
  calls.map(({ service, action }) => `${service}:${action}`).sort();

describe('The onboarding of an account', () => {
  it('makes the calls into the account that the simulation at scale makes', () => {
    const ofRuns = onboarding.filter(({ account, session }) => account === id && session !== undefined);
    expect(written(ofRuns)).toEqual(simulated.onboarding[0]);
  });
});

describe('A run of an account without differences', () => {
  let run: Awaited<ReturnType<typeof watchedRun>>;
  beforeAll(async () => {
    run = await watchedRun(id, another, { fleet, runtime });
  }, 120_000);

  it('makes the calls into the account that the simulation at scale makes', () => {
    const ofRun = run.calls.filter(({ account }) => account === id);
    expect(written(ofRun)).toEqual(simulated.healthyRun[0]);
  });

  it('makes at most 14 calls into the account, none of them writing, one read and one write of DynamoDB, and at most four calls in sequence', async () => {
    const { view, calls: pass } = run;
    expect(view?.lastPass).toMatchObject({ result: 'unchanged' });
    const member = pass.filter(({ account }) => account === id);
    const dynamo = pass.filter(({ service }) => service === 'dynamodb');
    expect(member.length).toBeGreaterThan(8);
    expect(member).toHaveLength(HEALTHY_RUN.reads.once + HEALTHY_RUN.reads.perRegion);
    expect(member.filter(({ access }) => access === 'write')).toEqual([]);
    expect(view?.lastPass?.calls).toEqual({ reads: member.length, writes: 0 });
    expect(dynamo.filter(({ access }) => access === 'read').map(({ action }) => action)).toEqual([
      'BatchGetItem',
    ]);
    expect(dynamo.filter(({ access }) => access === 'write')).toHaveLength(1);
    expect(
      pass.filter(({ params }) => String(params.RoleArn).includes('role/orgkeeper-Organization')),
    ).toEqual([]);
    const { once, perRegion } = HEALTHY_RUN.statusBytes;
    const status = await fleet.status(id);
    expect(JSON.stringify(status).length).toBeLessThanOrEqual(once + perRegion);
    // The message is hidden meanwhile; nothing else is called in Main.
    const others = pass.filter((call) => !member.includes(call) && !dynamo.includes(call));
    expect(others.filter(({ action }) => action !== 'AssumeRole').map(({ action }) => action)).toEqual([
      'ChangeMessageVisibilityBatch',
    ]);
    expect(others.length).toBeLessThanOrEqual(2);
    // Where this environment still had the session of the member, too, one call more is to be thought of.
    const entering = pass.some(({ action }) => action === 'AssumeRole') ? 0 : 1;
    expect(sequentialDepth(pass) + entering).toBeLessThanOrEqual(4);
    expect(sequentialDepth(pass)).toBeGreaterThanOrEqual(3);
  }, 120_000);
});

describe('orgkeeper credentials', () => {
  /** How often the command line, itself or as the API role, assumed a role: the functions go on with their own work. */
  const assumptions = async () => {
    const all = await runtime.calls({ service: 'sts', action: 'AssumeRole' });
    return all.filter(({ callerArn }) =>
      /:user\/(.*\/)?cli-credentials$|\/orgkeeper-ApiHandlerRole\//.test(callerArn),
    ).length;
  };
  const processOf = async () =>
    JSON.parse((await fleet.orgkeeper('credentials', id, '--format', 'process')).stdout);

  it('prints credentials of the execution role, calls STS once, and clears the cache when told to', async () => {
    const before = await assumptions();
    const first = await processOf();
    expect(first).toEqual({
      Version: 1,
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
      SessionToken: expect.any(String),
      Expiration: expect.any(String),
    });
    expect(Date.parse(first.Expiration) - Date.now()).toBeLessThanOrEqual(3_600_000);
    // The API role, then the execution role.
    expect(await assumptions()).toBe(before + 2);
    expect(await processOf()).toEqual(first);
    expect(await assumptions()).toBe(before + 2);

    const { stdout } = await fleet.orgkeeper('credentials', id);
    expect(stdout).toContain(`export AWS_ACCESS_KEY_ID=${first.AccessKeyId}\n`);
    expect(stdout).toContain('unset AWS_PROFILE\n');
    const credentials = {
      accessKeyId: first.AccessKeyId,
      secretAccessKey: first.SecretAccessKey,
      sessionToken: first.SessionToken,
    };
    const sts = new STSClient({ endpoint: runtime.endpoint, region: runtime.region, credentials });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toContain(`:sts::${id}:assumed-role/${ROLE}/`);

    await fleet.orgkeeper('credentials', '--logout', id);
    expect((await processOf()).AccessKeyId).not.toBe(first.AccessKeyId);
    expect(await assumptions()).toBe(before + 4);
  }, 60_000);

  it('says in one sentence what is wrong', async () => {
    const { code, stdout, stderr } = await fleet.orgkeeper('credentials', '999999999999');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^orgkeeper: Orgkeeper does not know account 999999999999.*\n$/);
  });
});

describe('orgkeeper account', () => {
  it('says that the root of the account is trusted', async () => {
    const { stdout } = await fleet.orgkeeper('account', id, '--json');
    const { conditions } = JSON.parse(stdout);
    const role = conditions.find(({ type }: { type: string }) => type === 'ExecutionRole');
    expect(role).toMatchObject({ status: 'True', message: expect.stringContaining('MemberRootTrusted') });
    expect(role.message).not.toContain('AdministratorAccess');
  });
});

describe('An account in mode observe', () => {
  it('has its differences reported and announced once, and nothing written', async () => {
    const ids = await readIds(runtime, id);
    await fleet.put('AccountRegistrationRequested', { accountId: id, name: 'genomics', mode: 'observe' });
    await fleet.untilAccounts('are observed', [id], ({ mode, ready }) => mode === 'observe' && ready);
    const healthy = await readWorld(runtime, id);
    const { ec2, ssm } = handIn(runtime, id, ids);
    await ec2.send(new DeleteRouteCommand({ RouteTableId: ids.table, DestinationCidrBlock: '0.0.0.0/0' }));
    await ssm.send(new DeleteParameterCommand({ Name: '/orgkeeper/account/id' }));
    const tampered = await readWorld(runtime, id);
    expect(tampered).not.toEqual(healthy);
    await runtime.clearCalls();

    const [view] = await fleet.sweep(id);
    expect(view).toMatchObject({ ready: false, lastPass: { result: 'drifted', calls: { writes: 0 } } });
    expect(view?.lastPass?.differences).toEqual([
      expect.objectContaining({
        resource: 'route table public',
        path: 'routes.0.0.0.0/0',
        action: 'reported',
      }),
      expect.objectContaining({ resource: '/orgkeeper/account/id', path: '', action: 'reported' }),
    ]);
    const drift = (event: { 'detail-type': string; detail: { accountId?: string } }) =>
      event['detail-type'] === 'DriftDetected' && event.detail.accountId === id;
    const said = await bus.hear('DriftDetected', drift);
    expect(said.detail.differences).toHaveLength(2);

    const [again] = await fleet.sweep(id);
    expect(again?.lastPass).toMatchObject({ result: 'drifted' });
    expect(await bus.heard(drift)).toHaveLength(1);
    expect(await readWorld(runtime, id)).toEqual(tampered);
    expect(await runtime.calls({ account: id, access: 'write' })).toEqual([]);

    await fleet.put('AccountRegistrationRequested', { accountId: id, name: 'genomics', mode: 'enforce' });
    await fleet.untilAccounts('are mended', [id], ({ mode, ready }) => mode === 'enforce' && ready);
    expect(await readWorld(runtime, id)).toEqual(healthy);
  }, 180_000);
});
