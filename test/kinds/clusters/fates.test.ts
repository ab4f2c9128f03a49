import { describe, expect, it } from '@jest/globals';
import {
  type Fate,
  fatesOf,
  type Orphan,
  REQUEST_TAG,
  type SeenCluster,
  type Sight,
  secondsToNextLook,
} from '../../../controllers/kinds/clusters/fates.ts';
import type { KnownCluster, WantedCluster } from '../../../shared/domain/clusters.ts';

const at = (time: string) => `2026-11-20T${time}:00.000Z`;
const wanted = (given: Partial<WantedCluster> = {}): WantedCluster => ({
  ...{ name: 'nightly', request: 'event-5', requester: 'ana', region: 'eu-west-1' },
  ...{ instanceType: 'm5.xlarge', count: 3, release: 'emr-7.5.0' },
  ...{ requestedAt: at('09:00'), until: at('17:00') },
  ...given,
});
const seen = (given: Partial<SeenCluster> = {}): SeenCluster => ({
  ...{ id: 'j-1', state: 'ready', failed: false, tags: { [REQUEST_TAG]: 'event-5' } },
  ...given,
});
const known = (given: Partial<KnownCluster> = {}): KnownCluster => ({
  ...{ request: 'event-5', id: 'j-1', state: 'ready' },
  ...given,
});
const quotas = { most: 3, instanceTypes: ['m5.xlarge'], longest: '24h' };
const look = (given: Partial<Sight>, time = '12:00') =>
  fatesOf({
    ...{ wanted: [wanted()], quotas, seen: [], known: {}, orphans: {}, now: new Date(at(time)) },
    ...given,
  });
const fate = (given: Partial<Sight>, time?: string) => look(given, time).fates[0];
const ended = (reason: string, more: object = {}) => ({
  is: 'ended',
  known: { state: 'ended', reason, ...more },
});

describe('The fate of a requested cluster', () => {
  it.each<[string, Partial<Sight>, string, object]>([
    ['is launched if nothing is there', {}, '12:00', { is: 'launch' }],
    ['runs while its time is not over', { seen: [seen()] }, '16:59', { is: 'keep' }],
    ['is terminated when its time is over', { seen: [seen()] }, '17:00', { is: 'terminate' }],
    [
      'is terminated when its time is over although it still starts',
      { seen: [seen({ state: 'starting' })] },
      '17:30',
      { is: 'terminate' },
    ],
    [
      'is terminated when it is released',
      { wanted: [wanted({ released: at('11:00') })], seen: [seen()] },
      '12:00',
      { is: 'terminate' },
    ],
    ['is let end', { seen: [seen({ state: 'ending' })] }, '17:30', { is: 'ending' }],
    ['is never launched after its time', {}, '17:00', ended('TimeOver')],
    [
      'is never launched after its release',
      { wanted: [wanted({ released: at('09:00') })] },
      '09:01',
      ended('Released'),
    ],
    [
      'is found by its recorded id, without its tags',
      { seen: [seen({ tags: {} })], known: { nightly: known() } },
      '12:00',
      { is: 'keep' },
    ],
    [
      'is not taken for an earlier cluster with its name',
      {
        seen: [seen({ tags: { [REQUEST_TAG]: 'event-1' } })],
        known: { nightly: known({ request: 'event-1' }) },
      },
      '12:00',
      { is: 'launch' },
    ],
    [
      'is waited for if AWS does not know it a moment after the launch',
      { known: { nightly: known({ state: 'starting' }) } },
      '09:05',
      { is: 'unlisted', id: 'j-1' },
    ],
    [
      'has ended if AWS does not know it later',
      { known: { nightly: known() } },
      '12:00',
      ended('EndedByItself'),
    ],
    [
      'stays ended, whatever is seen',
      { known: { nightly: known({ state: 'ended', reason: 'Failed' }) }, seen: [seen()] },
      '12:00',
      ended('Failed'),
    ],
  ])('%s', (_, given, time, expected) => {
    expect(fate(given, time)).toMatchObject(expected);
  });

  const over = { state: 'ended' } as const;
  it.each<[string, Partial<SeenCluster>, Partial<WantedCluster>, string]>([
    ['TerminatedByHand', { ...over, code: 'USER_REQUEST', endedAt: at('11:00') }, {}, '12:00'],
    ['EndedByItself', { ...over, code: 'ALL_STEPS_COMPLETED', endedAt: at('11:00') }, {}, '12:00'],
    ['Failed', { ...over, code: 'BOOTSTRAP_FAILURE', failed: true, endedAt: at('11:00') }, {}, '12:00'],
    ['TimeOver', { ...over, code: 'USER_REQUEST', endedAt: at('17:03') }, {}, '17:05'],
    ['Released', { ...over, code: 'USER_REQUEST', endedAt: at('11:00') }, { released: at('10:59') }, '12:00'],
    [
      'TerminatedByHand',
      { ...over, code: 'USER_REQUEST', endedAt: at('10:00') },
      { released: at('10:59') },
      '12:00',
    ],
  ])('has ended as %s: %j', (reason, cluster, request, time) => {
    const message = 'as AWS says';
    const sight = {
      wanted: [wanted(request)],
      seen: [seen({ ...cluster, message })],
      known: { nightly: known() },
    };
    expect(fate(sight, time)).toMatchObject(ended(reason, { id: 'j-1', message }));
  });

  it('is the same of two clusters that one request made, whatever the order of the listing', () => {
    const two = [seen({ id: 'j-2' }), seen({ id: 'j-1' })];
    for (const all of [two, two.toReversed()]) {
      const { fates, orphans } = look({ seen: all });
      expect(fates).toMatchObject([{ is: 'keep', seen: { id: 'j-1' } }]);
      expect(orphans).toMatchObject([{ seen: { id: 'j-2' } }]);
    }
  });
});

describe('A cluster of ours that no record requests', () => {
  const alone = seen({ id: 'j-9', tags: { [REQUEST_TAG]: 'event-9' } });

  it.each<[string, string | undefined, string, boolean]>([
    ['is announced first', undefined, '12:00', false],
    ['is left for an hour', at('11:01'), '12:00', false],
    ['is terminated after an hour', at('11:00'), '12:00', true],
  ])('%s', (_, since, time, isOver) => {
    const orphans = since === undefined ? {} : { 'j-9': since };
    const expected = { seen: { id: 'j-9' }, since: since ?? at(time), isOver };
    expect(look({ wanted: [], seen: [alone], orphans }, time).orphans).toMatchObject([expected]);
  });

  it('is none once it ends', () => {
    const ending = { ...alone, state: 'ending' } as const;
    expect(look({ wanted: [], seen: [ending] }).orphans).toEqual([]);
  });
});

describe('The next look at the clusters', () => {
  const now = new Date(at('12:00'));
  const keep = (until: string, state: 'ready' | 'starting' = 'ready'): Fate => ({
    ...{ is: 'keep', cluster: wanted({ until }), seen: seen({ state }) },
  });
  const orphan = (since: string): Orphan => ({ seen: seen(), since, isOver: false });
  it.each<[string, readonly Fate[], readonly Orphan[], number | undefined]>([
    ['is not needed where nothing lives', [], [], undefined],
    ['is not needed of what has ended', [{ is: 'ended', cluster: wanted(), known: known() }], [], undefined],
    ['comes soon after a launch', [{ is: 'launch', cluster: wanted() }], [], 10],
    ['comes soon while a cluster starts', [keep(at('17:00'), 'starting')], [], 10],
    ['comes each quarter while a cluster lives', [keep(at('17:00'))], [], 900],
    ['comes when the time of a cluster is over', [keep(at('17:00')), keep(at('12:04'))], [], 240],
    ['comes when an orphan is to be terminated', [], [orphan(at('11:10'))], 600],
  ])('%s', (_, fates, orphans, seconds) => {
    expect(secondsToNextLook(fates, orphans, now)).toBe(seconds);
  });
});

describe('A baseline that became stricter after a cluster was requested', () => {
  const named = (name: string) => wanted({ name, request: `event-${name}` });
  const there = (name: string) => seen({ id: `j-${name}`, tags: { [REQUEST_TAG]: `event-${name}` } });

  it.each([
    [
      'the type',
      { instanceTypes: ['m5.large', 'r5.large'] },
      'The baseline now allows m5.large, r5.large, not m5.xlarge.',
    ],
    ['the time', { longest: '7h' }, 'The baseline now allows 7h at most.'],
    ['the time in minutes', { longest: '479m' }, 'The baseline now allows 479m at most.'],
  ])('does not have it launched for %s, and has it run on if it lives', (_, stricter, message) => {
    const now = { quotas: { ...quotas, ...stricter } };
    expect(fate(now)).toMatchObject(ended('NoLongerAllowed', { message }));
    expect(fate({ ...now, seen: [seen()] })).toMatchObject({ is: 'keep' });
    expect(fate({ ...now, seen: [seen({ state: 'starting' })] })).toMatchObject({ is: 'keep' });
    expect(fate({ ...now, known: { nightly: known({ state: 'starting' }) } }, '09:01')).toMatchObject({
      is: 'unlisted',
    });
    expect(fate({ ...now, seen: [seen()] }, '17:00')).toMatchObject({ is: 'terminate' });
  });

  it('has as many launched as it allows besides those that live, earlier requests first', () => {
    const all = ['a', 'b', 'c', 'd'].map(named);
    const fates = (most: number, seen: readonly SeenCluster[]) =>
      look({ wanted: all, quotas: { ...quotas, most }, seen }).fates.map(({ is }) => is);
    expect(fates(4, [])).toEqual(['launch', 'launch', 'launch', 'launch']);
    expect(fates(2, [there('c')])).toEqual(['launch', 'ended', 'keep', 'ended']);
    expect(fates(1, [there('a'), there('b')])).toEqual(['keep', 'keep', 'ended', 'ended']);
    expect(look({ wanted: all, quotas: { ...quotas, most: 3 } }).fates[3]).toMatchObject(
      ended('NoLongerAllowed', { message: 'The baseline now allows 3 at once.' }),
    );
  });

  it('leaves what was decided as it is when it becomes wider again', () => {
    const before = known({ state: 'ended', reason: 'NoLongerAllowed' });
    expect(fate({ known: { nightly: before } })).toEqual({ is: 'ended', cluster: wanted(), known: before });
  });
});
