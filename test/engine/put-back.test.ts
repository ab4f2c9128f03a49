import { DetachRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it, jest } from '@jest/globals';
import { reconcile } from '../../controllers/engine/run.ts';
import { register } from '../../controllers/fleet/register.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import type { ExecutionRole } from '../../controllers/kinds/execution-role/wanted.ts';
import type { Session } from '../../shared/aws/access.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied, Throttled } from '../../shared/domain/errors.ts';
import { trustAdmits } from '../../shared/policy/assume-role.ts';
import { accountKey, loadAccount, statusKey } from '../../shared/store/accounts.ts';
import { systemClock, useTestTime } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, aTrust, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { memberAnswering } from '../kit/kind-context.ts';
import { on } from '../kit/sdk.ts';

/** Another ExternalId is put into the trust of the role in use: what is made of it when IAM is slow, or refuses. */

const config = aConfig();
const OLD = 'the-old-external-id';
const NEW = 'the-new-external-id';
const roleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
const verified = { type: 'Access', status: 'True', reason: 'Verified', message: '', changedAt: '' } as const;

useTestTime();

/** An account of which `NEW` was registered since its last pass, and the IAM in it. */
function account() {
  const iam = {
    trusts: [{ document: JSON.stringify(aTrust(OLD)), at: 0 }],
    managed: [] as string[],
    lagSeconds: 0,
    /** STS refuses whoever says this one, whatever the trust says. */
    refused: '',
    /** What the next puts of the trust are answered; undefined: they are done. */
    answers: [] as (Error | undefined)[],
  };
  const standing = () => iam.trusts.at(-1)?.document ?? '';
  const shown = () =>
    iam.trusts.findLast(({ at }) => Date.now() - at >= iam.lagSeconds * 1000)?.document ?? '';
  const { runnerRoleArn: callerRoleArn, organizationId, region } = config;
  const asks = { roleArn, callerRoleArn, organizationId, region };
  const admits = (externalId?: string) =>
    externalId !== iam.refused && trustAdmits(shown(), { ...asks, ...(externalId && { externalId }) });
  const clients = memberAnswering(
    on(DetachRolePolicyCommand, ({ PolicyArn }) => {
      iam.managed = iam.managed.filter((arn) => arn !== PolicyArn);
      return {};
    }),
    on(UpdateAssumeRolePolicyCommand, ({ PolicyDocument = '' }) => {
      const answer = iam.answers.shift();
      if (answer) throw answer;
      iam.trusts.push({ document: PolicyDocument, at: Date.now() });
      return {};
    }),
  );
  const observe = async (wanted: ExecutionRole) => ({
    state: 'present' as const,
    actual: {
      ...wanted,
      permissionsBoundary: undefined,
      managedPolicies: iam.managed,
      trustPolicy: encodeURIComponent(standing()),
      inlinePolicies: Object.fromEntries(
        Object.entries(wanted.inlinePolicies).map(([key, one]) => [key, JSON.stringify(one)]),
      ),
    },
  });
  const access = {
    async enter({ externalId }: AccountRecord) {
      if (!admits(externalId)) throw new AccessDenied('sts:AssumeRole: not authorized');
      return {};
    },
    async tryRole(_: string, __: Session, externalId?: string) {
      if (!admits(externalId)) throw new AccessDenied('sts:AssumeRole: not authorized');
    },
    evict: () => undefined,
  };
  const given = { origin: 'invited', executionRoleArn: roleArn, namedByRequest: true } as const;
  const record = aRecord({ ...given, externalId: NEW, generation: 4 });
  const admitted = { roleArn, externalId: OLD, at: '2026-11-20T10:00:00Z' };
  const { main, put } = fakeMain([
    { ...record, ...accountKey(MEMBER) },
    { ...aStatus({ conditions: [verified], admitted }), ...statusKey(MEMBER) },
  ]);
  const section = { name: 'orgkeeper-execution', trustPolicy: aTrust(`\${account.externalId}`) };
  const deps = {
    ...systemClock,
    config,
    main,
    access,
    kinds: [{ ...executionRole, observe }],
    clients: () => clients,
    loadBaseline: async () => ({ name: 'analytics', version: 3, sections: { executionRole: section } }),
  } as unknown as Parameters<typeof reconcile>[1];
  return {
    iam,
    put,
    standing,
    async look() {
      const now = new Date();
      const cause = { source: 'orgkeeper', detailType: 'Due', id: 'due' };
      const message = { accountId: MEMBER, cause, requestedAt: now.toISOString() };
      const until = new Date(now.getTime() + 120_000);
      const pass = reconcile({ message, sentAt: now, until, lastReceive: false }, deps);
      await jest.advanceTimersByTimeAsync(30_000);
      await pass;
      const { status } = await loadAccount(main.table, MEMBER);
      return { ...status, access: status?.conditions.find(({ type }) => type === 'Access') };
    },
    registerAgain: () =>
      register(
        { accountId: MEMBER, name: record.name, executionRoleArn: roleArn, externalId: NEW },
        undefined,
        {
          cause: { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'again' },
          time: new Date().toISOString(),
        },
        { main, config } as unknown as Parameters<typeof register>[3],
      ),
  };
}

/** An account in which the new ExternalId was refused for two minutes. */
async function refusedFor2Minutes() {
  const kept = account();
  kept.iam.refused = NEW;
  let seen = await kept.look();
  const reasons = [`${seen.access?.status} ${seen.access?.reason}`];
  for (let looks = 0; looks < 10 && seen.access?.status === 'Unknown'; looks += 1) {
    seen = await kept.look();
    reasons.push(`${seen.access?.status} ${seen.access?.reason}`);
  }
  return { ...kept, reasons };
}

describe('a change of the ExternalId of the role in use', () => {
  it('is written by the next run if this run had no time to wait for IAM', async () => {
    const kept = account();
    kept.iam.answers = [new Throttled('iam:UpdateAssumeRolePolicy: rate exceeded')];
    const first = await kept.look();
    expect(first.access).toMatchObject({ status: 'Unknown', reason: 'ExternalIdDiffers' });
    expect(await kept.look()).toMatchObject({ ready: true, access: { reason: 'Verified' } });
    expect(kept.standing()).toContain(NEW);
  });

  it('is written again if IAM took more than ten seconds to show it', async () => {
    const kept = account();
    kept.iam.lagSeconds = 11;
    const first = await kept.look();
    expect(first).toMatchObject({
      access: { status: 'Unknown', reason: 'ChangePutBack' },
      lastPass: { result: 'waiting', differences: [{ path: 'trustPolicy', action: 'reported' }] },
      waiting: { for: 'consistency' },
    });
    expect(first.dueAt).toBeDefined();
    expect(kept.standing()).toContain(OLD);
    kept.iam.lagSeconds = 1;
    expect(await kept.look()).toMatchObject({ ready: true, access: { reason: 'Verified' } });
    expect(kept.standing()).toContain(NEW);
  });

  it('is put back for good if the role refuses it for two minutes, and everything else is saved', async () => {
    const { iam, reasons, standing, look, put } = await refusedFor2Minutes();
    expect(reasons.slice(0, -1).every((each) => each === 'Unknown ChangePutBack')).toBe(true);
    expect(reasons.length).toBeGreaterThan(3);
    expect(reasons.at(-1)).toBe('False ChangePutBack');
    expect(standing()).toContain(OLD);
    const puts = iam.trusts.length;
    iam.managed = [ADMINISTRATOR];
    expect(await look()).toMatchObject({
      access: { status: 'False', reason: 'ChangePutBack' },
      lastPass: { result: 'failed', differences: [{ action: 'removed' }, { action: 'reported' }] },
    });
    expect(iam.managed).toEqual([]);
    expect(iam.trusts).toHaveLength(puts);
    expect(put.at(-1)).toMatchObject({ detailType: 'DriftCorrected' });
  });

  it('is written again after another registration with the same content, as the message says', async () => {
    const { iam, look, registerAgain, standing } = await refusedFor2Minutes();
    const { access } = await look();
    expect(access?.message).toMatch(/until the account is registered again, with the same content or other/);
    iam.refused = '';
    expect((await look()).access).toMatchObject({ reason: 'ChangePutBack' });
    expect(await registerAgain()).toMatchObject({ did: 'accepted' });
    expect(await look()).toMatchObject({ ready: true, access: { reason: 'Verified' } });
    expect(standing()).toContain(NEW);
  });

  it('is put back even if the run has no time to wait for IAM', async () => {
    const kept = account();
    kept.iam.refused = NEW;
    kept.iam.answers = [undefined, new Throttled('rate exceeded'), new Throttled('rate exceeded')];
    expect((await kept.look()).access).toMatchObject({ reason: 'ChangePutBack' });
    expect(kept.standing()).toContain(OLD);
  });

  it('is found to hold after all if it could not be put back', async () => {
    const kept = account();
    kept.iam.lagSeconds = 11;
    kept.iam.answers = [undefined, ...Array<Error>(20).fill(new Throttled('rate exceeded'))];
    expect((await kept.look()).access).toMatchObject({ status: 'Unknown', reason: 'PutBackFailed' });
    kept.iam.answers = [];
    expect(await kept.look()).toMatchObject({ ready: true, access: { reason: 'Verified' } });
  });
});
