import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identityOf } from '../../shared/aws/access.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { retrust } from '../kit/journey/roles.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const API = 'orgkeeper-ApiHandlerRole';

let runtime: TestRuntime;
let fleet: Fleet;
let id: string;

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  id = await fleet.createAccount('genomics');
  await fleet.untilReady(id);
}, 240_000);
afterAll(() => runtime?.stop());

describe('orgkeeper plan at the local runtime', () => {
  const removed = '/orgkeeper/account/id';

  it('is made by the function that may enter accounts, reading only: the operator enters nothing, and no run starts', async () => {
    await new SSMClient(runtime.as(id)).send(new DeleteParameterCommand({ Name: removed }));
    await fleet.untilQuiet();
    const before = await fleet.status(id);
    await runtime.clearCalls();
    const { code, stdout, stderr } = await fleet.orgkeeper('plan', id, '--json');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Waiting for the plan/),
    });
    expect(JSON.parse(stdout)).toMatchObject({
      accountId: id,
      baseline: { name: 'analytics' },
      differences: [{ kind: 'parameters', resource: removed, action: 'created' }],
      obstacles: [],
    });
    const calls = await runtime.calls();
    const inside = calls.filter(({ account, session }) => account === id && session !== undefined);
    expect(inside.length).toBeGreaterThan(8);
    expect(inside.filter(({ access }) => access === 'write')).toEqual([]);
    const byApi = calls.filter(({ callerArn }) => callerArn?.includes(`/${API}/`));
    expect(byApi.map(({ action }) => action)).toContain('PutEvents');
    expect(byApi.filter(({ account }) => account !== runtime.accounts.main)).toEqual([]);
    expect(byApi.filter(({ action }) => action === 'AssumeRole')).toEqual([]);
    expect(await fleet.status(id)).toEqual(before);
  }, 120_000);

  it('says why an account cannot be entered, like a run does', async () => {
    const mend = await retrust(runtime.as(id), 'OrganizationAccountAccessRole', () => []);
    // No pass reads for parameters alone: so there is no session that the function has open.
    const { code, stderr } = await fleet.orgkeeper('plan', id, '--baseline', await small()).finally(mend);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^orgkeeper: The account cannot be entered: none of the roles .* Check that one of them exists and trusts the management account\.$/m,
    );
  }, 120_000);

  it('with a file says what the file would change', async () => {
    const { code, stdout } = await fleet.orgkeeper('plan', id, '--baseline', await small(), '--json');
    expect(code).toBe(2);
    const { baseline, differences, obstacles } = JSON.parse(stdout);
    expect(baseline).toEqual({ name: 'small' });
    const said = (differences as { resource: string; action: string }[]).map(({ resource, action }) => [
      resource,
      action,
    ]);
    expect(said).toContainEqual(['/orgkeeper/planned', 'created']);
    expect(said).toContainEqual(['/orgkeeper/role/arn', 'removed']);
    expect(obstacles).toMatchObject([
      { kind: 'executionRole', state: 'blocked', message: expect.stringContaining('still exists') },
      { kind: 'network', state: 'blocked', message: expect.stringContaining('still exists') },
    ]);
  }, 120_000);

  it('of every account of a baseline is one comment, in groups, with the outputs that only a run makes', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'more.yaml');
    const { stdout: text } = await fleet.orgkeeper('baseline', 'show', 'analytics');
    const more = '  - { name: /orgkeeper/alias, value: "${subnet.data.id}" }';
    await writeFile(file, `${text}\n${more}\n`.replace(SUBNETS, `${SUBNETS}${DATA}`));
    const { code, stdout } = await fleet.orgkeeper(
      'plan',
      '--baseline',
      'analytics',
      '--file',
      file,
      '--format',
      'md',
    );
    expect(code).toBe(2);
    expect(stdout).toContain(`**1 account**: ${id} genomics\n`);
    expect(stdout).toContain('\n+ network subnet data\n');
    expect(stdout).toContain(
      '\n+ parameters /orgkeeper/alias\n+   (known after the run: ${subnet.data.id})\n',
    );
    expect(stdout).not.toContain('WaitingForOutputs');
    expect(await fleet.orgkeeper('baseline', 'diff', 'analytics@1', 'analytics')).toMatchObject({
      code: 0,
      stderr: 'analytics@1 and analytics@1 say the same.\n',
    });
  }, 120_000);

  it('is requested by a role that no trust policy admits to an account', async () => {
    const { main, management } = runtime.accounts;
    const api = await sessionOf(runtime.as(main), `arn:aws:iam::${main}:role/${API}`);
    for (const [account, role] of [
      [management, 'orgkeeper-OrganizationReadingRole'],
      [management, 'orgkeeper-OrganizationCreatingRole'],
      [management, 'orgkeeper-OrganizationEnteringRole'],
      [id, 'OrganizationAccountAccessRole'],
    ] as const) {
      const RoleArn = `arn:aws:iam::${account}:role/${role}`;
      const ExternalId = `orgkeeper-${runtime.organizationId}`;
      await expect(sessionOf(api, RoleArn, ExternalId)).rejects.toThrow(/not authorized/);
    }
    const inspecting = `arn:aws:iam::${management}:role/orgkeeper-OrganizationInspectingRole`;
    await sessionOf(api, inspecting, `orgkeeper-${runtime.organizationId}`);
  }, 60_000);
});

/** Where a subnet is added to the shipped baseline. */
const SUBNETS = '  subnets:\n';
const DATA = '    - { name: data, cidr: 10.0.64.0/20, zone: 2, routing: private }\n';

/** A baseline file that no account is on. */
async function small(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'small.yaml');
  await writeFile(
    file,
    'name: small\nparameters:\n  - { name: /orgkeeper/planned, value: "${account.id}" }\n',
  );
  return file;
}

/** The settings of a session of that role. */
async function sessionOf(settings: Settings, RoleArn: string, ExternalId?: string): Promise<Settings> {
  const { Credentials } = await new STSClient(settings).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'chain', ...(ExternalId && { ExternalId }) }),
  );
  const credentials = identityOf(Credentials);
  if (!credentials) throw new Error(`STS gave no credentials for ${RoleArn}`);
  return { ...settings, credentials };
}

type Settings = ReturnType<TestRuntime['as']>;
