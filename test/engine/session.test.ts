import { describe, expect, it, jest } from '@jest/globals';
import { openCallGate } from '../../controllers/engine/gate.ts';
import type { Run, RunDeps } from '../../controllers/engine/model.ts';
import { clientsFor } from '../../controllers/engine/session.ts';
import type { Session } from '../../shared/aws/access.ts';
import { executionRoleDenied } from '../../shared/aws/denials.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied, AccountNotReady, NotYetConsistent, Throttled } from '../../shared/domain/errors.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { systemClock, useTestTime } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';

/** The door of an account: who opens it, and what is said where nobody does. */

const roleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const invited = aRecord({ origin: 'invited', executionRoleArn: roleArn });
const policy = '{}';

useTestTime();

/** Enters through ways in that answer as `opens` says. */
async function enter(given: {
  record?: AccountRecord;
  before?: AccountStatus | undefined;
  opens: (record: AccountRecord) => Error | undefined;
  purpose?: { writes?: boolean; patient?: boolean };
}) {
  const { record = invited, before = aStatus(), opens, purpose } = given;
  const asked: { externalId: string; session: Session; at: number }[] = [];
  const started = Date.now();
  const access = {
    async enter(by: AccountRecord, session: Session) {
      asked.push({ externalId: by.externalId, session, at: (Date.now() - started) / 1000 });
      const denial = opens(by);
      if (denial) throw denial;
      return {};
    },
    evict: () => undefined,
  };
  let options: MemberClientsOptions | undefined;
  const clients = (made: MemberClientsOptions) => {
    options = made;
    return {} as MemberClients;
  };
  const pass = {
    id: 'pass-9',
    record,
    before,
    calls: { reads: 0, writes: 0 },
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
  } as unknown as Run;
  const deps = { ...systemClock, config: aConfig(), access, clients } as unknown as RunDeps;
  const entering = clientsFor(pass, deps, { policy, ...purpose }).then(
    () => undefined,
    (error: unknown) => error,
  );
  await jest.advanceTimersByTimeAsync(20_000);
  return { error: await entering, asked, options };
}

const denied = (said = 'sts:AssumeRole: not authorized') =>
  executionRoleDenied(roleArn, new AccessDenied(said));

describe('clientsFor an account that is entered by its execution role', () => {
  it('assume the role once, named by the run; for writing in a session of its own', async () => {
    const { asked } = await enter({ opens: () => undefined });
    expect(asked.map(({ session }) => session)).toEqual([{ name: 'pass-9', policy, own: false }]);
    const writing = await enter({ opens: () => undefined, purpose: { writes: true } });
    expect(writing.asked[0]?.session.own).toBe(true);
  });

  const admitted = { roleArn, externalId: 'the-last-one', at: '2026-11-20T10:00:00Z' };
  const takesTheLast = ({ externalId }: AccountRecord) =>
    externalId === 'the-last-one' ? undefined : denied();

  it('use the ExternalId that the role accepted last if the role does not accept the new one yet', async () => {
    const { error, asked } = await enter({ before: aStatus({ admitted }), opens: takesTheLast });
    expect(error).toBeUndefined();
    expect(asked.map(({ externalId }) => externalId)).toEqual([invited.externalId, 'the-last-one']);
  });

  it.each([
    ['another role accepted', { ...admitted, roleArn: `${roleArn}-2` }],
    ['is the same', { ...admitted, externalId: invited.externalId }],
    ['is not recorded', undefined],
  ])('do not use an earlier ExternalId that %s', async (_, last) => {
    const before = aStatus(last && { admitted: last });
    const { error, asked } = await enter({ before, opens: () => denied() });
    expect(asked).toHaveLength(1);
    expect(error).toMatchObject({ reason: 'ExecutionRoleDenied' });
  });

  it('report the refusal of the new ExternalId if the role accepts neither, and the other failure', async () => {
    const before = aStatus({ admitted });
    const neither = await enter({ before, opens: () => denied() });
    expect(neither.error).toMatchObject({ reason: 'ExecutionRoleDenied' });
    const throttled = new Throttled('slow down');
    const opens = ({ externalId }: AccountRecord) => (externalId === 'the-last-one' ? throttled : denied());
    expect((await enter({ before, opens })).error).toBe(throttled);
  });
});

describe('clientsFor an account that refuses the session', () => {
  it.each([
    [
      'a policy of the organization',
      invited,
      denied('… with an explicit deny in a service control policy'),
      { reason: 'DeniedByOrganizationPolicy', message: /except arn:.*WorkflowLoopRunnerRole in the policy/ },
    ],
    [
      'a name that IAM does not let Main assume',
      { ...invited, executionRoleArn: `arn:aws:iam::${MEMBER}:role/Admin` },
      denied(),
      { reason: 'NameNotAllowed', message: /rename the role in the baseline, or change the pattern/ },
    ],
    [
      'anything else about the role',
      invited,
      denied(),
      { reason: 'ExecutionRoleDenied', message: /`orgkeeper template member --account \d+` shows what/ },
    ],
  ])('say why, with the remedy: %s', async (_, record, denial, { reason, message }) => {
    const { error } = await enter({ record, opens: () => denial });
    expect(error).toBeInstanceOf(AccessDenied);
    expect(error).toMatchObject({ reason, message: expect.stringMatching(message) });
  });

  it('may succeed soon after the registration, unless the reason for the refusal is known', async () => {
    const record = { ...invited, generation: 4 };
    expect((await enter({ record, opens: () => denied() })).error).toBeInstanceOf(NotYetConsistent);
    const byPolicy = denied('with an explicit deny in a resource control policy');
    expect((await enter({ record, opens: () => byPolicy })).error).toBeInstanceOf(AccessDenied);
  });

  it('do not retry if the account is not ready', async () => {
    const notReady = new AccountNotReady('STS is not activated', { reason: 'RegionDisabled' });
    expect((await enter({ opens: () => notReady })).error).toBe(notReady);
  });
});

describe('clientsFor an account after a change of the role in use', () => {
  it('retry for ten seconds, then leave the account until it is due', async () => {
    let opensAt = 9;
    const started = Date.now();
    const opens = () => ((Date.now() - started) / 1000 < opensAt ? denied() : undefined);
    const late = await enter({ opens, purpose: { patient: true } });
    expect(late.error).toBeUndefined();
    opensAt = 1_000;
    const never = await enter({ opens, purpose: { patient: true } });
    expect(never.asked.at(-1)?.at).toBe(10);
    expect(never.error).toBeInstanceOf(NotYetConsistent);
    expect(never.error).toMatchObject({ reason: 'ExecutionRoleDenied' });
    expect((await enter({ opens })).asked).toHaveLength(1);
  });

  it('retry denied calls for ten seconds, and no other clients do', async () => {
    const { options } = await enter({ opens: () => undefined, purpose: { patient: true } });
    let calls = 0;
    const call = async () => {
      calls += 1;
      if (calls < 4) throw new AccessDenied('ec2:CreateVpc: not authorized');
      return 'made';
    };
    const made = options?.around?.(call);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await made).toBe('made');
    expect((await enter({ opens: () => undefined })).options?.around).toBeUndefined();
  });
});
