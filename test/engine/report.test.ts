import { describe, expect, it } from '@jest/globals';
import type { Findings, Run } from '../../controllers/engine/model.ts';
import { asManyAsFit, blockedBy, toStatus } from '../../controllers/engine/report.ts';
import type { AnyKind, Blocked } from '../../controllers/kinds/kind.ts';
import type { AccountStatus, Difference } from '../../shared/domain/status.ts';
import { aRecord } from '../kit/factories.ts';

const blocked = (reason: string, message: string): Blocked => ({
  reason,
  message,
  difference: { kind: 'things', resource: 'one', path: '', action: 'reported' },
});

describe('blockedBy', () => {
  it('is undefined if nothing blocks the unit', () => {
    expect(blockedBy([])).toBeUndefined();
  });

  it('has every message once, with the reason of the first', () => {
    const lacks = Array.from({ length: 75 }, () => blocked('PermissionsMissing', 'It lacks actions.'));
    const all = [
      blocked('TrustMissing', 'Its trust lacks Main.'),
      ...lacks,
      blocked('PolicyUnread', 'One is unread.'),
    ];
    expect(blockedBy(all)).toEqual({
      reason: 'TrustMissing',
      message: 'Its trust lacks Main. It lacks actions. One is unread.',
    });
  });

  it('has the messages of units that wait for others last', () => {
    expect(
      blockedBy([blocked('WaitingForOutputs', 'It waits.'), blocked('NetworkDiffers', 'It differs.')]),
    ).toEqual({
      reason: 'NetworkDiffers',
      message: 'It differs. It waits.',
    });
  });

  it('fits into 1,000 characters: one message of each reason, then as many as fit, then the number of the others', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      blocked('NeedsReplacement', `${index} ${'x'.repeat(90)}.`),
    );
    const message = blockedBy([...many, blocked('ForeignResource', 'A foreign one.')])?.message ?? '';
    expect(message).toMatch(/^0 x+\. A foreign one\. 1 x+\. .* And 20 more: see the differences\.$/);
    expect(message.length).toBeLessThanOrEqual(1_000);
  });

  it('cuts a single message that is too long', () => {
    const { message } = blockedBy([blocked('NeedsReplacement', 'x'.repeat(2_000))]) ?? {};
    expect(message).toHaveLength(1_000);
    expect(message).toMatch(/^x+…$/);
  });
});

describe('asManyAsFit', () => {
  it('is the first elements, up to so many bytes, also if a smaller one comes later', () => {
    expect(asManyAsFit(['aaaa', 'bbbb', 'c'], 100)).toEqual(['aaaa', 'bbbb', 'c']);
    expect(asManyAsFit(['aaaa', 'bbbb', 'c'], 9)).toEqual(['aaaa']);
    expect(asManyAsFit(['éé', 'c'], 7)).toEqual(['éé']);
    expect(asManyAsFit(['éé', 'c'], 6)).toEqual([]);
  });
});

describe('toStatus', () => {
  const kind = { name: 'parameters' } as AnyKind;
  const things = (name: string, count: number): Difference[] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ kind: 'parameters', resource: `/${name}/${String(index).padStart(5, '0')}` },
      ...{ path: 'tags', actual: 'TaggedLikeOurs', action: 'reported' as const },
    }));

  function statusAfter(
    before: AccountStatus | undefined,
    unowned: Difference[],
    excepted: Difference[] = [],
  ) {
    const request = { message: { accountId: '1', cause: {} }, lastReceive: false };
    const run = {
      ...{ id: 'pass-1', startedAt: new Date(), record: aRecord(), before, request },
      ...{ place: { outputs: {} }, stands: { leftovers: [], making: [] }, regions: ['eu-west-1'] },
      calls: { reads: 0, writes: 0 },
    } as unknown as Run;
    const outcome = { kind, differences: [], unowned, excepted, state: { is: 'inDesiredState' as const } };
    const found: Findings = { outcomes: [outcome], findings: [], failures: [] };
    return toStatus(run, found, [], new Date()).status;
  }

  it('keeps and reports the same few of very many unowned resources, in whatever order they are found', () => {
    const unowned = things('lookalike', 10_000);
    const first = statusAfter(undefined, unowned);
    expect(JSON.stringify(first.foreign).length).toBeLessThan(20_000);
    expect(first.lastPass.differences).toHaveLength(first.foreign.length);
    const second = statusAfter(first, unowned.toReversed());
    expect(second.foreign).toEqual(first.foreign);
    expect(second.lastPass.differences).toEqual([]);
  });

  it('keeps and reports the same few of very many excepted differences, and counts all of them', () => {
    const excepted = things('left', 6_000).map((one) => ({ ...one, exceptedUntil: '2027-01-01T00:00:00Z' }));
    const first = statusAfter(undefined, [], excepted);
    expect(JSON.stringify(first.excepted).length).toBeLessThan(52_000);
    expect(first.lastPass.differences).toEqual(first.excepted);
    expect(first.conditions).toMatchObject([
      { message: expect.stringMatching(/^6000 differences are excepted/) },
    ]);
    expect(statusAfter(first, [], excepted).lastPass.differences).toEqual([]);
  });
});
