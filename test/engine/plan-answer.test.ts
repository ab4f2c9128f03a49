import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { answerPlan } from '../../controllers/engine/plan.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { Session } from '../../shared/aws/access.ts';
import { accessRoleDenied } from '../../shared/aws/denials.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import { Throttled } from '../../shared/domain/errors.ts';
import { deduplicationId, messageGroup } from '../../shared/domain/work.ts';
import { accountKey, getRecord, loadAccount, statusKey } from '../../shared/store/accounts.ts';
import { getPlanAnswer, putPlanAnswer, putPlanText } from '../../shared/store/plans.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const NOW = new Date('2026-11-20T11:00:10Z');
const cause = { source: 'orgkeeper.request', detailType: 'PlanRequested', id: 'event-1' };
const message = { accountId: MEMBER, cause, requestedAt: '2026-11-20T11:00:00Z', plan: 'assigned' } as const;
const change = { kind: 'things', resource: 'one', path: '', desired: 'here', action: 'created' } as const;
const foreign = { kind: 'things', resource: 'two', path: '', actual: 'there', action: 'reported' } as const;

/** A kind of things, whose section is what should be there; anything that writes is an error. */
const things = {
  name: 'things',
  section: z.any(),
  permissions: { read: ['things:Read'], write: ['things:Write'] },
  outputNames: () => [],
  render: (section: unknown) => section,
  outputs: () => ({}),
  made: () => ({}),
  observe: async () => ({ state: 'present', actual: {} }),
  diff: (wanted: unknown) => ({
    differences: wanted === 'nothing' ? [] : [change],
    blocked: [],
    unowned: [foreign],
  }),
  apply: async () => {
    throw new Error('a plan wrote');
  },
} as unknown as AnyKind;

function world(given: { record?: Partial<AccountRecord>; entering?: Error; published?: boolean } = {}) {
  const { main, put } = fakeMain([
    { ...aRecord(given.record), ...accountKey(MEMBER) },
    { ...aStatus(), ...statusKey(MEMBER) },
  ]);
  const sessions: Session[] = [];
  const access = {
    async enter(_: AccountRecord, session: Session) {
      sessions.push(session);
      if (given.entering) throw given.entering;
      return { accessKeyId: 'x', secretAccessKey: 'x' };
    },
    evict: () => {},
  };
  const baseline = { name: 'analytics', version: 3, sections: { things: 'some' } } as unknown;
  const loadBaseline = async () => (given.published === false ? undefined : (baseline as BaselineDocument));
  const deps = {
    ...systemClock,
    config: aConfig(),
    main,
    access,
    kinds: [things],
    loadBaseline,
  } as unknown as RunDeps;
  const answer = () => getPlanAnswer(main.table, cause.id, NOW);
  return { deps, main, put, sessions, answer };
}

describe('answerPlan', () => {
  it('answers what a run would write, and the number of unowned resources', async () => {
    const { deps, answer } = world();
    await answerPlan({ message, now: NOW, lastTry: false }, deps);
    expect(await answer()).toEqual({
      is: 'planned',
      document: {
        accountId: MEMBER,
        baseline: { name: 'analytics', version: 3 },
        differences: [change, foreign],
        obstacles: [],
      },
      foreign: 1,
    });
  });

  it('reads in a session that may only read, and leaves record, status and bus as they were', async () => {
    const { deps, main, put, sessions } = world();
    await answerPlan({ message, now: NOW, lastTry: false }, deps);
    expect(sessions.map(({ name }) => name)).toEqual(['plan-event-1']);
    expect(sessions[0]?.policy).toContain('things:Read');
    expect(sessions[0]?.policy).not.toContain('things:Write');
    expect(await getRecord(main.table, MEMBER)).toEqual(aRecord());
    expect((await loadAccount(main.table, MEMBER)).status).toEqual(aStatus());
    expect(put).toEqual([]);
  });

  it('plans by the file that came with the request', async () => {
    const { deps, main, answer } = world();
    await putPlanText(main.table, cause.id, 'name: other\nthings: nothing\n', NOW);
    await answerPlan({ message: { ...message, plan: 'file' }, now: NOW, lastTry: false }, deps);
    expect(await answer()).toMatchObject({
      document: { baseline: { name: 'other' }, differences: [foreign] },
    });
  });

  it('never plans by the assigned baseline if the text of the file has expired', async () => {
    const { deps, sessions, answer } = world();
    await answerPlan({ message: { ...message, plan: 'file' }, now: NOW, lastTry: false }, deps);
    expect(await answer()).toMatchObject({
      is: 'failed',
      message: expect.stringMatching(/no longer stored/),
    });
    expect(sessions).toEqual([]);
  });

  const denied = accessRoleDenied(MEMBER, ['OrganizationAccountAccessRole'], undefined);
  it.each([
    [
      'cannot be entered',
      { entering: denied },
      /^The account cannot be entered: .*\. Check that one of them/,
    ],
    [
      'is no longer kept',
      { record: { lifecycle: 'retired' } },
      /is retired, and Orgkeeper enters only managed accounts/,
    ],
    ['has no baseline any more', { record: { baseline: undefined } }, /has no baseline: assign one/],
    ['is on a baseline that is none', { published: false }, /is on analytics@3, which was never published/],
  ] as const)('says in one sentence that the account %s', async (_, given, sentence) => {
    const { deps, answer } = world(given as Parameters<typeof world>[0]);
    await answerPlan({ message, now: NOW, lastTry: false }, deps);
    expect(await answer()).toEqual({ is: 'failed', message: expect.stringMatching(sentence) });
  });

  it('retries after a failure that may pass, and answers the failure at the last try', async () => {
    const { deps, answer } = world({ entering: new Throttled('Too many.') });
    expect(await answerPlan({ message, now: NOW, lastTry: false }, deps)).toMatchObject({ did: 'failed' });
    expect(await answer()).toBeUndefined();
    await answerPlan({ message, now: NOW, lastTry: true }, deps);
    expect(await answer()).toEqual({ is: 'failed', message: 'Too many.' });
  });

  it.each([
    ['that is answered', 10, true],
    ['an hour later: nobody waits any more', 3_601, false],
  ])('does not plan again for a message %s', async (_, seconds, answered) => {
    const { deps, main, sessions } = world();
    if (answered) await putPlanAnswer(main.table, cause.id, { is: 'failed', message: 'No.' }, NOW);
    const now = new Date(Date.parse(message.requestedAt) + seconds * 1000);
    expect(await answerPlan({ message, now, lastTry: true }, deps)).toMatchObject({ did: 'skipped' });
    expect(sessions).toEqual([]);
  });

  it('stores an answer for an hour, and says so if the answer is too large', async () => {
    const { main } = world();
    const later = new Date(NOW.getTime() + 3_600_000);
    await putPlanAnswer(main.table, 'small', { is: 'failed', message: 'No.' }, NOW);
    expect(await getPlanAnswer(main.table, 'small', later)).toBeUndefined();
    const differences = [{ ...change, desired: randomBytes(500_000).toString('base64') }];
    const document = { accountId: MEMBER, baseline: { name: 'big' }, differences, obstacles: [] };
    await putPlanAnswer(main.table, 'large', { is: 'planned', document, foreign: 0 }, NOW);
    expect(await getPlanAnswer(main.table, 'large', NOW)).toMatchObject({
      is: 'failed',
      message: expect.stringMatching(/^The plan is too large to be handed over \(differences: 1\)/),
    });
  });
});

describe('a work message that requests a plan', () => {
  it('has a message group of its own, so that runs of the account neither wait for the plan nor coalesce with it', () => {
    const { plan: _, ...pass } = { ...message, cause: { ...cause, id: 'event-2' } };
    expect(messageGroup(message)).not.toBe(messageGroup(pass));
    expect(messageGroup(pass)).toBe(MEMBER);
    expect(deduplicationId(message)).not.toBe(deduplicationId(pass));
  });
});
