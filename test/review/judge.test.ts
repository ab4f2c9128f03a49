import { describe, expect, it } from '@jest/globals';
import { judge } from '../../controllers/review/judge.ts';
import {
  compareReviews,
  countFindings,
  type Finding,
  type Review,
  type ReviewedFinding,
} from '../../shared/domain/review.ts';

const finding = (id: string, changes: Partial<Finding> = {}): Finding => ({
  id: id.repeat(12),
  kind: 'RoleTrust',
  subject: 'arn:aws:iam::111111111111:role/r',
  flags: ['OutsideOrganization'],
  ...changes,
});
const now = new Date('2026-11-28T00:00:00Z');
const nothing = { wanted: new Set<string>(), acceptances: [], now };

describe('judge', () => {
  const acceptance = {
    finding: 'a'.repeat(12),
    until: '2026-12-31T00:00:00Z',
    because: 'audit',
    acceptedAt: now.toISOString(),
  };

  it('takes what the baseline says as intended, and nothing else', () => {
    const judged = judge([finding('a'), finding('b')], { ...nothing, wanted: new Set(['a'.repeat(12)]) });
    expect(judged.map(({ intended }) => intended)).toEqual([{ by: 'baseline' }, undefined]);
  });

  it('takes an accepted finding as intended until the acceptance ends, and then not', () => {
    const at = (time: string) =>
      judge([finding('a')], { ...nothing, acceptances: [acceptance], now: new Date(time) })[0]?.intended;
    expect(at('2026-12-30T23:59:59Z')).toEqual({
      by: 'acceptance',
      until: acceptance.until,
      because: 'audit',
    });
    expect(at('2026-12-31T00:00:00Z')).toBeUndefined();
  });

  it('takes the role that AWS made for a service as intended', () => {
    const subject = 'arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX';
    expect(judge([finding('a', { subject })], nothing)[0]?.intended).toEqual({ by: 'aws' });
  });
});

const review = (...findings: ReviewedFinding[]): Review => ({
  schemaVersion: 1,
  accountId: '111111111111',
  accountName: 'lab',
  reviewedAt: now.toISOString(),
  unusedDays: 90,
  findings,
  unread: [],
});

describe('compareReviews', () => {
  const baseline = { intended: { by: 'baseline' } } as const;

  it('names what appeared, what is gone, and what became unintended or got another flag', () => {
    const before = review(finding('a'), { ...finding('b'), ...baseline }, finding('c'), finding('e'));
    const after = review(finding('b'), finding('c', { flags: [] }), finding('d'), finding('e'));
    const { appeared, gone, changed } = compareReviews(before, after);
    expect([appeared, gone, changed].map((each) => each.map(({ id }) => id[0]))).toEqual([
      ['d'],
      ['a'],
      ['b', 'c'],
    ]);
  });

  it('calls everything new in the first review of an account', () => {
    expect(compareReviews(undefined, review(finding('a'))).appeared).toHaveLength(1);
  });
});

it('counts as flagged only what is not intended', () => {
  const counts = countFindings(
    review(finding('a'), { ...finding('b'), intended: { by: 'aws' } }, finding('c', { flags: [] })),
  );
  expect(counts).toEqual({ findings: 3, unintended: 2, flagged: 1 });
});
