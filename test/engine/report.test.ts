import { describe, expect, it } from '@jest/globals';
import { blockedBy } from '../../controllers/engine/report.ts';
import type { Blocked } from '../../controllers/kinds/kind.ts';

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
