import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { advanceRollout } from '../../controllers/fleet/advance-rollout.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { listRollouts, saveRollout } from '../../shared/store/rollouts.ts';
import { blocksOf, page } from '../docs/pages.ts';
import { captured } from '../kit/captured.ts';
import { useMainInMemory } from '../kit/cli-in-memory.ts';
import { NOW, useTestTime } from '../kit/clock.ts';
import { aBaselineItem, aPass, aRecord, aStatus } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

let fake: FakeMain;
await useMainInMemory(() => fake);
const { run } = await import('../../cli/program.ts');
const { reasonText } = await import('../../cli/arguments.ts');
const { readBake, readBy, readFailures, readWaves } = await import('../../cli/commands/rollout-start.ts');

useTestTime();
const IDS = ['111111111111', '222222222222', '333333333333', '444444444444'];
const put = (accountId: string, given: Parameters<typeof aRecord>[0] = {}) =>
  fake.store.put({
    ...aRecord({ accountId, ...given }),
    ...accountKey(accountId),
    collection: 'account',
    collectionKey: accountId,
  });
const status = (accountId: string, given: Parameters<typeof aStatus>[0] = {}) =>
  fake.store.put({ ...aStatus({ accountId, ...given }), ...statusKey(accountId) });

beforeEach(() => {
  fake = fakeMain();
  for (const [index, version] of [3, 4].entries())
    fake.store.put({
      ...aBaselineItem({ version }),
      collection: 'baseline',
      collectionKey: `analytics@${index}`,
    });
  for (const id of IDS) {
    put(id);
    status(id);
  }
});

async function orgkeeper(...argv: string[]) {
  const { code, stdout, stderr } = await captured(() => run(['rollout', ...argv]));
  return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}
const ANA = 'arn:aws:iam::345678901234:user/ana';
const start = (...more: string[]) =>
  orgkeeper('start', 'analytics@4', '--from', 'analytics@3', '--yes', ...more);

/** What the tick of a minute does; returns the roll-out. */
async function tick() {
  const {
    items: [rollout],
  } = await listRollouts(fake.main.table);
  const until = new Date(Date.now() + 60_000);
  await advanceRollout(rollout?.id ?? '', {
    main: fake.main,
    now: () => new Date(),
    timeLeft: () => true,
    until,
  });
  const {
    items: [advanced],
  } = await listRollouts(fake.main.table);
  if (!advanced) throw new Error('there is no roll-out');
  return advanced;
}

describe('rollout start', () => {
  it('says how many accounts move in which waves, and starts with the first tick', async () => {
    const { stdout, stderr, code } = await start('--waves', '1,50%,100%');
    expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
    expect(stderr).toMatch(
      /^Roll-out analytics-4-[0-9a-f]{6} moves 4 accounts from analytics@3 to analytics@4 in 3 waves \(1, 1, 2\): /,
    );
    expect(await tick()).toMatchObject({
      stage: { is: 'rolling', wave: 0 },
      bakeMinutes: 30,
      failures: '5%',
    });
  });

  it('asks before it starts', async () => {
    const { stderr, code } = await orgkeeper('start', 'analytics@4', '--from', 'analytics@3');
    expect(stderr).toContain('Move 4 accounts from analytics@3 to analytics@4');
    expect(code).toBe(1);
    expect((await listRollouts(fake.main.table)).items).toEqual([]);
  });

  it('prints its document with --json', async () => {
    const { stdout } = await start('--json', '--bake', '2h', '--failures', '3', '--by', 'tag:stage');
    expect(JSON.parse(stdout)).toEqual({
      rolloutId: expect.stringMatching(/^analytics-4-/),
      from: { name: 'analytics', version: 3 },
      to: { name: 'analytics', version: 4 },
      state: 'planning',
      waves: ['1', '10%', '50%', '100%'],
      bakeMinutes: 120,
      failures: '3',
      by: 'tag:stage',
      startedAt: NOW.toISOString(),
      orders: [{ order: 'start', at: NOW.toISOString(), requestedBy: ANA }],
      changedAt: NOW.toISOString(),
    });
  });

  it('is refused while another roll-out moves the same accounts, in a word and with the remedy', async () => {
    await start();
    const {
      items: [{ id } = { id: '' }],
    } = await listRollouts(fake.main.table);
    const { stderr, code } = await start();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `orgkeeper: RolloutOverlaps: roll-out ${id} (planning) moves accounts from analytics@3 to analytics@4. ` +
        `Wait until it has ended, or end it: \`orgkeeper rollout abort ${id}\`.\n`,
    );
  });

  it.each([
    [
      'a version that was never published',
      ['analytics@9', '--from', 'analytics@3'],
      'There is no analytics@9',
    ],
    ['no version', ['analytics', '--from', 'analytics@3'], 'Name the version: the newest is analytics@4.'],
    ['the same version', ['analytics@3', '--from', 'analytics@3'], 'on analytics@3 already'],
    [
      'a version without accounts',
      ['analytics@3', '--from', 'analytics@4'],
      'No managed account is on analytics@4',
    ],
  ])('is refused for %s', async (_, argv, sentence) => {
    const { stderr, code } = await orgkeeper('start', ...argv, '--yes');
    expect(stderr).toContain(sentence);
    expect(code).toBe(1);
  });

  it.each([
    [readWaves, '1,10%', '100%, so that no account is left behind'],
    [readWaves, '0,100%', '1,10%,50%,100%'],
    [readWaves, '1,200%', '1,10%,50%,100%'],
    [readBake, '30', '30m, 2h, or 0m'],
    [readFailures, 'some', '3, 5%, or 0'],
    [readBy, 'unit', 'ou, or tag:KEY'],
    [reasonText, 'x'.repeat(257), '1 to 256 characters'],
  ])('refuses a malformed option: %p %s', (read, text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
  });

  it.each([
    [4, 1_000],
    [101, 10_000],
  ])('with --wait looks at %i accounts again after %i ms', async (accounts, every) => {
    for (let more = IDS.length; more < accounts; more++) put(String(555555555555 + more));
    let isOver = false;
    const waiting = start('--wait', '--json').finally(() => {
      isOver = true;
    });
    await jest.advanceTimersByTimeAsync(500);
    const planned = await tick();
    await jest.advanceTimersByTimeAsync(1_000);
    await saveRollout(fake.main.table, {
      ...planned,
      version: planned.version + 1,
      stage: { is: 'aborted' },
    });
    await jest.advanceTimersByTimeAsync(every - 1_000);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(isOver).toBe(true);
    expect(JSON.parse((await waiting).stdout)).toMatchObject({ state: 'aborted' });
  });

  it('waits with --wait, and exits 1 with the reason when it halts', async () => {
    const waiting = start('--wait', '--json');
    await jest.advanceTimersByTimeAsync(500);
    await tick();
    status(IDS[0] ?? '', {
      observedGeneration: 4,
      ready: false,
      conditions: [{ type: 'Network', status: 'False', reason: 'InUse', message: 'Used.', changedAt: '' }],
      lastPass: aPass({ result: 'failed' }),
    });
    await tick();
    await jest.advanceTimersByTimeAsync(2_000);
    const { stdout, stderr, code } = await waiting;
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'halted',
      wave: 1,
      reason: 'TooManyFailures',
      progress: [
        { accounts: 1, failed: 1 },
        { accounts: 1, behind: 1 },
        { accounts: 2, behind: 2 },
      ],
      troubled: [{ accountId: IDS[0], fate: 'failed', reason: 'InUse' }],
    });
    expect(stderr).toContain('has halted (accounts so far: 1; failed: 1; drifted: 0; tolerated: 5%).');
    expect(code).toBe(1);
  });
});

describe('rollout list and show', () => {
  it('show what the page shows', async () => {
    await start('--waves', '1,50%,100%', '--reason', 'ticket 42');
    const halted = await (async () => {
      await tick();
      status(IDS[0] ?? '', { observedGeneration: 4 });
      await tick();
      jest.setSystemTime(new Date(NOW.getTime() + 31 * 60_000));
      await tick();
      status(IDS[1] ?? '', {
        observedGeneration: 4,
        ready: false,
        conditions: [
          {
            type: 'Network',
            status: 'False',
            reason: 'AddressPoolExhausted',
            message: 'Pool data is full: widen it.',
            changedAt: '',
          },
        ],
        lastPass: aPass({ result: 'failed' }),
      });
      return tick();
    })();
    // The id is random.
    const named = (text: string) => text.replaceAll(halted.id, 'analytics-4-3fa9c1');
    const blocks = blocksOf(page('docs/rollouts.md'));
    const shown = await orgkeeper('show', halted.id);
    expect(named(`$ orgkeeper rollout show ${halted.id}\n${shown.stdout}${shown.stderr}`)).toBe(
      blocks.find(({ text }) => text.startsWith('$ orgkeeper rollout show'))?.text,
    );
    expect((await orgkeeper('show')).stdout).toBe(shown.stdout);
    const { stdout } = await orgkeeper('list');
    expect(named(`$ orgkeeper rollout list\n${stdout}`)).toBe(
      blocks.find(({ text }) => text.startsWith('$ orgkeeper rollout list'))?.text,
    );
  });

  it('show the others where one cannot be read, and name it', async () => {
    await start();
    const broken = { pk: 'rollout#broken', sk: 'rollout', collection: 'rollout', collectionKey: '1' };
    fake.store.put(broken);
    const { stdout, stderr } = await orgkeeper('list');
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toContain('The item rollout#broken / rollout of the table cannot be read');
  });

  it('say what there is to do where there is none', async () => {
    expect(JSON.parse((await orgkeeper('list', '--json')).stdout)).toEqual([]);
    expect((await orgkeeper('show')).stderr).toContain('No roll-out is under way');
    expect((await orgkeeper('show', 'nothing')).stderr).toContain('There is no roll-out nothing');
  });
});

describe('rollout pause, resume and abort', () => {
  it('change it at once, and say so', async () => {
    await start();
    const { id } = await tick();
    const state = async (...argv: string[]) =>
      JSON.parse((await orgkeeper(...argv, id, '--json')).stdout).state;
    expect(await state('pause')).toBe('paused');
    expect(await state('pause')).toBe('paused');
    expect(await state('resume')).toBe('rolling');
    expect((await orgkeeper('abort', id, '--roll-back')).stderr).toBe(
      `Roll-out ${id} goes back: the accounts that it moved get the old version again.\n`,
    );
    expect(await state('abort')).toBe('aborted');
    const { stderr, code } = await orgkeeper('resume', id);
    expect({ stderr, code }).toEqual({
      stderr: `orgkeeper: RolloutEnded: roll-out ${id} has ended (aborted).\n`,
      code: 1,
    });
  });

  it('are kept, with who gave them, when and why', async () => {
    await start('--reason', 'ticket 42');
    const { id } = await tick();
    const order = (...argv: string[]) => orgkeeper(...argv, id);
    await order('pause', '--reason', 'look at it first');
    await order('pause', '--reason', 'again');
    await order('resume');
    await order('abort', '--roll-back');
    const at = NOW.toISOString();
    const { orders } = JSON.parse((await order('show', '--json')).stdout);
    expect(orders).toEqual([
      { order: 'start', at, requestedBy: ANA, reason: 'ticket 42' },
      { order: 'pause', at, requestedBy: ANA, reason: 'look at it first' },
      { order: 'resume', at, requestedBy: ANA },
      { order: 'rollBack', at, requestedBy: ANA },
    ]);
    const { stdout } = await order('show');
    expect(stdout).toContain(`paused 2026-11-20 12:00:00Z by ${ANA}, because: look at it first\n`);
    expect(stdout).toContain(`sent back 2026-11-20 12:00:00Z by ${ANA}\n`);
  });

  it('stand in the causes of the runs of the accounts that are moved', async () => {
    await start('--waves', '50%,100%', '--reason', 'ticket 42');
    await tick();
    const causes = () => fake.sentTo('work.fifo').map((message) => (message as { cause: object }).cause);
    const detailType = 'Rollout';
    expect(causes()).toEqual(
      Array(2).fill(expect.objectContaining({ detailType, requestedBy: ANA, reason: 'ticket 42' })),
    );
    const { id } = await tick();
    await orgkeeper('abort', id, '--roll-back', '--reason', 'too slow');
    await tick();
    expect(causes().slice(2)).toEqual(
      Array(2).fill(expect.objectContaining({ detailType, requestedBy: ANA, reason: 'too slow' })),
    );
  });

  it('are not lost if the roll-out is advanced at the same time', async () => {
    await start();
    const rollout = await tick();
    let interfered = false;
    fake.store.onCall = (command) => {
      if (command !== 'PutCommand' || interfered) return;
      interfered = true;
      fake.store.put({
        ...fake.store.items(`rollout#${rollout.id}`).find(({ sk }) => sk === 'rollout'),
        version: rollout.version + 1,
      });
    };
    expect((await orgkeeper('pause', rollout.id)).code).toBe(0);
    const {
      items: [saved],
    } = await listRollouts(fake.main.table);
    expect(saved).toMatchObject({ stage: { is: 'paused', wave: 0 }, version: rollout.version + 2 });
    expect(await saveRollout(fake.main.table, { ...rollout, version: rollout.version + 1 })).toBe(false);
  });
});
