import { DeleteRouteCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteParameterCommand, GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ROLE, readIds, readWorld, type World } from '../../local/account-world.ts';
import { type Organization, startOrganization } from '../kit/journey/emulator.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime, type TestRuntimeOptions } from '../kit/journey/runtime.ts';

let runtime: TestRuntime | undefined;
let organization: Organization | undefined;

afterEach(async () => {
  await runtime?.stop();
  await organization?.stop();
  runtime = undefined;
  organization = undefined;
}, 60_000);

async function start(options: TestRuntimeOptions = {}): Promise<{ runtime: TestRuntime; fleet: Fleet }> {
  runtime = await startTestRuntime(options);
  return { runtime, fleet: fleetOf(runtime) };
}

/** Something by hand in the role, the network and the parameters of an account. */
async function tamper(at: TestRuntime, accountId: string): Promise<void> {
  const { table } = await readIds(at, accountId);
  const anything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  await new IAMClient(at.as(accountId)).send(
    new PutRolePolicyCommand({
      RoleName: ROLE,
      PolicyName: 'by-hand',
      PolicyDocument: JSON.stringify(anything),
    }),
  );
  await new EC2Client(at.as(accountId)).send(
    new DeleteRouteCommand({ RouteTableId: table, DestinationCidrBlock: '0.0.0.0/0' }),
  );
  await new SSMClient(at.as(accountId)).send(
    new DeleteParameterCommand({ Name: '/orgkeeper/network/vpc-id' }),
  );
}

/** Tampers with the account, and has it swept: it must be as it was, with each difference named. */
async function repaired(at: TestRuntime, fleet: Fleet, accountId: string): Promise<void> {
  const healthy = await readWorld(at, accountId);
  await tamper(at, accountId);
  expect(await readWorld(at, accountId)).not.toEqual(healthy);
  const [view] = await fleet.sweep(accountId);
  expect(await readWorld(at, accountId)).toEqual(healthy);
  expect(view?.lastPass?.result).toBe('corrected');
  const kinds = view?.lastPass?.differences.map(({ kind, action }) => `${kind} ${action}`).sort();
  expect(kinds).toEqual(['executionRole removed', 'network created', 'parameters created']);
}

function expectOwn(world: World, main: string): void {
  expect(world.role?.tags).toMatchObject({ 'orgkeeper:owner': main });
  expect(world.vpcs).toHaveLength(1);
  expect(world.parameters['/orgkeeper/account/main-id']?.value).toBe(main);
}

describe('An account that is created is onboarded and corrected if', () => {
  it('Main is an account of its own', async () => {
    const { runtime: at, fleet } = await start();
    expect(at.accounts.main).not.toBe(at.accounts.management);
    const id = await fleet.createAccount('separate');
    await fleet.untilReady(id);
    expectOwn(await readWorld(at, id), at.accounts.main);
    await repaired(at, fleet, id);
  }, 240_000);

  it('Main is the management account', async () => {
    const { runtime: at, fleet } = await start({ sameAccount: true });
    expect(at.accounts.main).toBe(at.accounts.management);
    const id = await fleet.createAccount('same');
    await fleet.untilReady(id);
    expectOwn(await readWorld(at, id), at.accounts.management);
    await repaired(at, fleet, id);
    const { code, stdout, stderr } = await fleet.orgkeeper('doctor');
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/^19 of 19/) });
    expect(stdout).toContain('Not needed: Main is the management account.');
  }, 240_000);

  it('Main is a member, which is managed itself and is not changed', async () => {
    organization = await startOrganization();
    const [main = ''] = await organization.createAccounts(['orgkeeper']);
    const { runtime: at, fleet } = await start({ emulator: organization.endpoint, main });
    expect(at.accounts.main).toBe(main);
    const id = await fleet.createAccount('member');
    await fleet.untilReady(id);
    await repaired(at, fleet, id);

    const before = await ownThings(at, main);
    await fleet.put('AccountRegistrationRequested', { accountId: main, name: 'orgkeeper' });
    await fleet.untilReady(main);
    expectOwn(await readWorld(at, main), main);
    await repaired(at, fleet, main);
    expect(await ownThings(at, main)).toEqual(before);
    const { code, stdout } = await fleet.orgkeeper('doctor');
    expect({ code, stdout }).toMatchObject({ code: 0 });
    await repaired(at, fleet, id);
  }, 300_000);
});

/** What Orgkeeper runs on in Main: its configuration and its roles, whole. */
async function ownThings(at: TestRuntime, main: string): Promise<unknown> {
  const iam = new IAMClient(at.as(main));
  const { Parameter } = await new SSMClient(at.as(main)).send(
    new GetParameterCommand({ Name: '/orgkeeper/config' }),
  );
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  const own = Roles.filter(({ RoleName = '' }) => RoleName !== ROLE).map(({ RoleName }) => RoleName);
  const roles = await Promise.all(
    own.map(async (RoleName) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      return [Role?.Arn, Role?.RoleId, Role?.AssumeRolePolicyDocument];
    }),
  );
  expect(roles.length).toBeGreaterThan(5);
  return { config: Parameter?.Value, roles };
}
