import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createAccess } from '../../shared/aws/access.ts';
import { fresh } from '../../shared/aws/denials.ts';
import { AccessDenied, AccountNotReady } from '../../shared/domain/errors.ts';
import { type TestClock, testClock } from '../kit/clock.ts';
import { aConfig, aRecord, MEMBER } from '../kit/factories.ts';
import { answeringEvery, awsError, on } from '../kit/sdk.ts';

/** The ways into other accounts, against an STS that refuses whom `denials` says. */

const config = aConfig();
const arnOf = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;
const BY_POLICY =
  'not authorized to perform: sts:AssumeRole with an explicit deny in a resource control policy';

let clock: TestClock;
let clients: Set<unknown>;
let assumed: { role: string; name: string; externalId?: string; policy?: string }[];
let denials: Record<string, string>;
beforeEach(() => {
  clock = testClock();
  clients = new Set();
  assumed = [];
  denials = { [arnOf('AWSControlTowerExecution')]: 'not authorized' };
  const assume = on(AssumeRoleCommand, (input) => {
    const { RoleArn: role = '', RoleSessionName: name = '', ExternalId, Policy } = input;
    const denial = denials[role];
    if (denial) throw awsError('AccessDenied', denial);
    assumed.push({
      role,
      name,
      ...(ExternalId && { externalId: ExternalId }),
      ...(Policy && { policy: Policy }),
    });
    const Expiration = new Date(clock.now().getTime() + 3_600_000);
    return {
      Credentials: {
        AccessKeyId: `ASIA${assumed.length}`,
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration,
      },
    };
  });
  answeringEvery(STSClient, [assume], (client) => clients.add(client));
});
afterEach(() => void jest.restoreAllMocks());

const access = () => createAccess({ config, organizationRole: 'entering', now: () => clock.now().getTime() });
const roles = () => assumed.map(({ role }) => role.split('/').at(-1));
const invited = aRecord({ origin: 'invited', executionRoleArn: arnOf('orgkeeper-execution') });

describe('entering an account', () => {
  it('tries the organization role, then the access role, each under the name of the run', async () => {
    await access().enter(aRecord(), { name: 'pass-1', policy: '{}' });
    expect(assumed).toEqual([
      {
        role: config.organizationRoleArns.entering,
        name: 'pass-1',
        externalId: config.organizationExternalId,
      },
      { role: arnOf('OrganizationAccountAccessRole'), name: 'pass-1', policy: '{}' },
    ]);
  });

  it('uses the execution role, with the ExternalId, if one is registered', async () => {
    await access().enter(invited, { name: 'pass-1' });
    expect(assumed).toEqual([
      { role: arnOf('orgkeeper-execution'), name: 'pass-1', externalId: invited.externalId },
    ]);
  });

  it('is limited to a hundred calls a second, since the organization pays for them', async () => {
    const ways = access();
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 11 }, (_, index) => ways.enter(invited, { name: `pass-${index}`, own: true })),
    );
    expect(performance.now() - began).toBeGreaterThan(90);
    expect(assumed).toHaveLength(11);
  });

  it('uses a session again until shortly before it expires, and one client for all accounts', async () => {
    const ways = access();
    for (const name of ['pass-1', 'pass-2']) await ways.enter(aRecord(), { name, policy: '{}' });
    await ways.enter(aRecord({ accountId: '111111111111' }), { name: 'pass-3', policy: '{}' });
    expect(assumed).toHaveLength(3);
    expect(clients.size).toBe(2);
    clock.pass(55 * 60_000);
    await ways.enter(aRecord(), { name: 'pass-4', policy: '{}' });
    expect(roles().slice(3)).toEqual(['orgkeeper-OrganizationEnteringRole', 'OrganizationAccountAccessRole']);
  });

  it('opens a separate session for writing, so that CloudTrail names the run', async () => {
    const ways = access();
    const names = ['pass-1', 'pass-2'];
    for (const name of names) await ways.enter(invited, { name, policy: 'write', own: true });
    await ways.enter(invited, { name: 'pass-3', policy: 'write' });
    expect(assumed.map(({ name }) => name)).toEqual([...names, 'pass-3']);
  });

  it('makes one call for concurrent runs, and a new one after a denial or a change', async () => {
    const ways = access();
    const enter = () => ways.enter(invited, { name: 'pass' });
    await Promise.all([enter(), enter(), enter()]);
    expect(assumed).toHaveLength(1);
    ways.evict(MEMBER);
    await enter();
    expect(assumed).toHaveLength(2);
    await ways.enter({ ...invited, externalId: 'another' }, { name: 'pass' });
    expect(assumed).toHaveLength(3);
  });

  it('tries the role first that worked last', async () => {
    denials = { [arnOf('OrganizationAccountAccessRole')]: 'not authorized' };
    const ways = access();
    const session = { name: 'pass', own: true };
    await ways.enter(aRecord(), session);
    denials = {};
    await ways.enter(aRecord(), session);
    expect(roles()).toEqual([
      'orgkeeper-OrganizationEnteringRole',
      'AWSControlTowerExecution',
      'AWSControlTowerExecution',
    ]);
  });
});

describe('a denial', () => {
  const denied = (record = aRecord()) =>
    access()
      .enter(record, { name: 'pass' })
      .then(
        () => undefined,
        (error: unknown) => error,
      );

  it.each([
    [
      'of the organization role: the management stack',
      { [config.organizationRoleArns.entering]: 'not authorized' },
      'OrganizationRoleDenied',
      /`orgkeeper doctor`.*deploy:management/,
    ],
    [
      'of every access role: the role',
      { [arnOf('OrganizationAccountAccessRole')]: 'not authorized' },
      'AccessRoleDenied',
      /one of them exists and trusts the management account/,
    ],
    [
      'by a policy of the organization, of whichever role: the policy',
      { [arnOf('OrganizationAccountAccessRole')]: BY_POLICY },
      'DeniedByOrganizationPolicy',
      /Exempt the role that enters accounts for Main in the policy/,
    ],
  ])('%s names what to look at', async (_, given, reason, remedy) => {
    denials = { ...denials, ...given };
    const error = await denied();
    expect(error).toBeInstanceOf(AccessDenied);
    expect(error).toMatchObject({ reason, remedy: expect.stringMatching(remedy) });
  });

  it('of the execution role names the role, and keeps the words of STS', async () => {
    denials = { [arnOf('orgkeeper-execution')]: BY_POLICY };
    expect(await denied(invited)).toMatchObject({
      reason: 'ExecutionRoleDenied',
      message: expect.stringContaining(arnOf('orgkeeper-execution')),
      cause: { message: expect.stringContaining('resource control policy') },
    });
  });

  it('of a new account may pass if its role may still be made, and not otherwise', async () => {
    denials[arnOf('OrganizationAccountAccessRole')] = 'not authorized';
    expect(fresh(await denied())).toMatchObject({ reason: 'AccessRoleNotReady' });
    expect(fresh(await denied())).toBeInstanceOf(AccountNotReady);
    denials[arnOf('OrganizationAccountAccessRole')] = BY_POLICY;
    expect(fresh(await denied())).toMatchObject({ reason: 'DeniedByOrganizationPolicy' });
    denials[config.organizationRoleArns.entering] = 'not authorized';
    expect(fresh(await denied())).toMatchObject({ reason: 'OrganizationRoleDenied' });
  });
});
