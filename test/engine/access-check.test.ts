import { describe, expect, it } from '@jest/globals';
import { checkAccess } from '../../controllers/engine/access-check.ts';
import { openCallGate } from '../../controllers/engine/gate.ts';
import type { ObservedUnit, Run, RunDeps, UnitOutcome } from '../../controllers/engine/model.ts';
import { runUnit } from '../../controllers/engine/run-unit.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import {
  AccessDenied,
  AccountNotReady,
  InvalidDesiredState,
  NotYetConsistent,
  Throttled,
} from '../../shared/domain/errors.ts';
import type { AccountStatus, Difference } from '../../shared/domain/status.ts';
import { systemClock, testClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, aTrust, MEMBER } from '../kit/factories.ts';

/** What a pass says of access, and what it does about a role in use that shuts it out. */

const config = aConfig();
const { externalId } = aRecord();
const roleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const invited = aRecord({ origin: 'invited', executionRoleArn: roleArn });
const trust = aTrust(externalId);
const verifiedBefore = {
  type: 'Access',
  status: 'True',
  reason: 'Verified',
  message: '',
  changedAt: '',
} as const;
const changed: Difference = { kind: 'executionRole', resource: 'r', path: 'trustPolicy', action: 'updated' };

function outcomeOf(given: Partial<UnitOutcome> = {}): UnitOutcome {
  const role = { arn: roleArn, trust };
  return {
    kind: executionRole,
    differences: [],
    unowned: [],
    role,
    state: { is: 'inDesiredState' },
    ...given,
  };
}

/** Verifies with STS that admits the ExternalId when `lets` says so; what was forgotten and put back. */
async function verify(given: {
  outcome?: UnitOutcome;
  record?: AccountRecord;
  before?: AccountStatus | undefined;
  lets?: () => boolean;
  denial?: Error;
}) {
  const evicted: string[] = [];
  const tried: (string | undefined)[] = [];
  const access = {
    async tryRole(_: string, __: object, asked?: string) {
      tried.push(asked);
      if (asked !== externalId || !(given.lets?.() ?? true)) throw given.denial ?? new AccessDenied('no');
    },
    evict: (accountId: string) => evicted.push(accountId),
  };
  const before = 'before' in given ? given.before : aStatus({ conditions: [verifiedBefore] });
  const pass = {
    id: 'pass-9',
    record: given.record ?? invited,
    before,
    place: { outputs: {} },
    gate: openCallGate(new Date('9999-12-31'), systemClock.now),
  };
  const found = await checkAccess(
    pass as unknown as Run,
    { ...testClock(), config, access, kinds: [executionRole] } as unknown as RunDeps,
    [given.outcome ?? outcomeOf()],
  );
  return { ...found, evicted, tried };
}

describe('checkAccess', () => {
  it('keeps the previous condition without a call if nothing changed', async () => {
    const found = await verify({});
    expect(found).toMatchObject({ findings: [verifiedBefore], tried: [], evicted: [] });
  });

  it('says Unknown if an unowned role has replaced ours', async () => {
    const { role: _, ...gone } = outcomeOf({
      state: { is: 'blocked', reason: 'ForeignResource', message: 'Not ours.' },
    });
    const found = await verify({ record: aRecord(), outcome: gone });
    expect(found.findings).toMatchObject([{ type: 'Access', status: 'Unknown', reason: 'RoleReplaced' }]);
    expect(found.tried).toEqual([]);
  });

  it('assumes the role again, with a new session, after a change of the role in use', async () => {
    const found = await verify({ outcome: outcomeOf({ differences: [changed] }) });
    expect(found).toMatchObject({ verdict: { ok: true }, evicted: [MEMBER] });
    expect(found.tried).toHaveLength(3);
  });

  it('assumes the role in mode observe, too, if the role differs and is left as it is', async () => {
    const differences = [{ ...changed, action: 'reported' }] as const;
    const found = await verify({
      outcome: outcomeOf({ differences, state: { is: 'held' } }),
      lets: () => false,
    });
    expect(found).toMatchObject({ verdict: { ok: false, reason: 'NotAssumable' }, evicted: [] });
  });

  it('assumes the role at a registration; a denial that the trust policy does not explain may pass', async () => {
    const record = { ...invited, generation: 4 };
    const found = await verify({ record, lets: () => false });
    expect(found.verdict).toBeUndefined();
    expect(found.failures[0]?.error).toBeInstanceOf(NotYetConsistent);
    expect(found.failures).toMatchObject([{ type: 'Access', error: { reason: 'NotAssumable' } }]);
  });

  it('says that the role does not exist if the run may not create it', async () => {
    const outcome = outcomeOf({
      differences: [{ ...changed, path: '', action: 'reported' }],
      role: { arn: roleArn, trust: 'none' },
      state: { is: 'held' },
    });
    const record = aRecord({ mode: 'observe' });
    const found = await verify({ outcome, record, before: undefined, lets: () => false });
    expect(found.verdict).toMatchObject({ ok: false, reason: 'RoleMissing' });
  });
});

describe('checkAccess for a role that could not be created', () => {
  /** What a pass comes to when IAM answers so to its making. */
  const unmade = async (error: Error) => {
    const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: config.mainAccountId };
    const section = { name: 'orgkeeper-execution-2', trustPolicy: trust };
    const seen: ObservedUnit = {
      kind: { ...executionRole, apply: () => Promise.reject(error) },
      section: executionRole.section.parse(section),
      account,
      observation: { state: 'absent' },
    };
    const place = { record: aRecord(), config, outputs: { 'role.arn': roleArn }, clock: testClock() };
    const clients = async () => ({}) as MemberClients;
    const outcome = await runUnit(seen, place, { may: async () => true, clients });
    return verify({ outcome, record: aRecord(), lets: () => false });
  };
  const message = `There is no role ${roleArn}-2: its own condition says why it is not made.`;

  it('says that the role does not exist, whatever its trust policy would have admitted', async () => {
    const { verdict } = await unmade(new InvalidDesiredState('Invalid principal in policy'));
    expect(verdict).toMatchObject({ ok: false, reason: 'RoleMissing', message });
  });

  it('says that the account is not ready if that is the reason', async () => {
    const error = new AccountNotReady('none of the roles can be assumed', { reason: 'AccessRoleNotReady' });
    expect(await unmade(error)).toMatchObject({
      tried: [],
      findings: [],
      failures: [{ type: 'Access', error }],
    });
  });

  it('waits while IAM may not be consistent yet', async () => {
    const { verdict, failures } = await unmade(new NotYetConsistent('no such principal yet'));
    expect(verdict).toBeUndefined();
    expect(failures).toMatchObject([{ type: 'Access', error: { reason: 'RoleMissing', message } }]);
    expect(failures[0]?.error).toBeInstanceOf(NotYetConsistent);
  });
});

describe('checkAccess after a change of the role in use that the runner is refused by', () => {
  const policy = { ...changed, path: 'inlinePolicies.data' };
  /** STS refuses all, or by an organization policy. */
  const shutOut = (restore: () => Promise<void>, denial?: Error) =>
    verify({
      outcome: outcomeOf({ differences: [changed, policy], restore }),
      lets: () => false,
      ...(denial && { denial }),
    });
  const byPolicy = new AccessDenied('with an explicit deny in a service control policy');

  it('puts the trust back, and has the next run try again, while IAM may not be consistent', async () => {
    let restored = 0;
    const found = await shutOut(async () => {
      restored += 1;
    });
    expect(restored).toBe(1);
    const message = expect.stringMatching(/then put back.* tried again for two minutes.* registered again/);
    const error = { name: 'NotYetConsistent', reason: 'ChangePutBack', message };
    expect(found.failures).toMatchObject([{ type: 'Access', error }]);
    expect(found.outcomes).toMatchObject([
      { differences: [{ action: 'reported' }, { action: 'updated' }], state: { is: 'failed', error } },
    ]);
  });

  it('puts the trust back and does not try again if the trust policy explains the refusal', async () => {
    const { failures } = await shutOut(async () => {}, byPolicy);
    const message = expect.stringMatching(/then put back.* It waits until the account is registered again/);
    const error = { name: 'AccessDenied', reason: 'ChangePutBack', message };
    expect(failures).toMatchObject([{ type: 'Access', error }]);
  });

  it('says that the new trust stays if it cannot be put back, and who can correct the role', async () => {
    const found = await shutOut(() => Promise.reject(new Error('the session is over')));
    const message = expect.stringMatching(
      /could not be put back \(the session is over\).* account's owner correct it; `orgkeeper template member/,
    );
    expect(found.failures).toMatchObject([{ type: 'Access', error: { reason: 'PutBackFailed', message } }]);
    expect(found.outcomes[0]?.differences).toMatchObject([{ action: 'updated' }, { action: 'updated' }]);
  });

  const old = { ...verifiedBefore, status: 'False', reason: 'ChangePutBack' } as const;
  const before = aStatus({ conditions: [old] });
  const heldBack = outcomeOf({ differences: [{ ...changed, action: 'reported' }] });

  it('does not try the change again, and keeps the condition, while the desired state is the same', async () => {
    expect(await verify({ outcome: heldBack, before })).toMatchObject({ findings: [old], tried: [] });
  });

  it('keeps the condition while the role cannot be observed', async () => {
    const { role: _, ...unseen } = outcomeOf({ state: { is: 'failed', error: new Throttled('slow') } });
    expect(await verify({ outcome: unseen, before })).toMatchObject({ findings: [old], tried: [] });
  });

  it('drops the condition once the trust is as desired, or the desired state changes', async () => {
    expect(await verify({ before })).toMatchObject({ verdict: { ok: true } });
    const anew = await verify({ outcome: heldBack, before, record: { ...invited, generation: 4 } });
    expect(anew).toMatchObject({ verdict: { ok: true } });
  });
});

describe('checkAccess for a role that could not be changed for now', () => {
  it('waits, whatever the trust policy says meanwhile', async () => {
    const outcome = outcomeOf({
      differences: [{ ...changed, action: 'reported' }],
      role: { arn: roleArn, trust: { ...trust, Statement: [] } },
      state: { is: 'failed', error: new Throttled('slow down') },
    });
    const { verdict, failures } = await verify({ outcome, lets: () => false });
    expect(verdict).toBeUndefined();
    expect(failures).toMatchObject([{ error: { name: 'NotYetConsistent', reason: 'MainNotTrusted' } }]);
  });
});

describe('checkAccess for a role whose trust was opened by hand', () => {
  const statement = { ...trust.Statement, Condition: {} };
  const anything = { ...statement, Condition: { StringLike: { 'sts:ExternalId': '*' } } };
  it.each([
    ['without an ExternalId', statement],
    ['with a wrong ExternalId', anything],
  ])('says that the role can be assumed %s', async (how, Statement) => {
    const open = { arn: roleArn, trust: { ...trust, Statement } };
    const { verdict } = await verify({ outcome: outcomeOf({ role: open }) });
    const message = expect.stringContaining(how);
    expect(verdict).toMatchObject({ ok: false, reason: 'AssumableWithoutExternalId', message });
  });
});
