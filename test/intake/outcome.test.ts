import { describe, expect, it } from '@jest/globals';
import { onItsWay, rejectionAnnouncement, unlessUnreadable } from '../../controllers/intake/outcome.ts';
import { UnreadableItem } from '../../shared/errors.ts';
import { parseRequest } from '../../shared/requests.ts';

const incoming = {
  cause: { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'event-1' },
  account: '345678901234',
  time: '2026-11-20T10:00:00Z',
  redelivered: false,
};
const problems = (detailType: string, detail: unknown) => {
  const parsed = parseRequest(detailType, detail);
  return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : [];
};

describe('an event', () => {
  it.each([
    ['of CloudTrail is known by its own id, whichever hop it came by', 'aws.organizations', 'trail-1'],
    ['of anybody else is known by its envelope, whatever its detail says', 'orgkeeper.request', 'hop-1'],
  ])('%s', (_, source, id) => {
    const { time } = incoming;
    const detail = { eventID: 'trail-1' };
    const envelope = { id: 'hop-1', source, 'detail-type': 'X', time, detail };
    const cause = { source, detailType: 'X', id };
    expect(onItsWay(envelope, true)).toEqual({ cause, detail, account: 'unknown', time, redelivered: true });
  });
});

describe('an event about an item that cannot be read', () => {
  it('is answered with the key and the path, and does not come again', async () => {
    const key = { pk: 'account#456789012345', sk: 'desired' };
    const outcome = await unlessUnreadable(async () => {
      throw new UnreadableItem(key, [{ path: 'generation', message: 'is missing' }]);
    });
    const message =
      'The item account#456789012345 / desired of the table cannot be read: generation is missing. Correct it in the ' +
      'table, or restore it from a backup.';
    expect(outcome).toEqual({
      did: 'rejected',
      rejection: { reason: 'UnreadableItem', message, problems: [] },
    });
  });

  it('fails as before for any other reason', async () => {
    const fails = unlessUnreadable(() => Promise.reject(new Error('the table is gone')));
    await expect(fails).rejects.toThrow('the table is gone');
  });
});

describe('a request that is nested 60,000 deep', () => {
  it('is echoed as far as a person would read', () => {
    const text = `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`;
    const detail = JSON.parse(text);
    expect(problems('AccountRegistrationRequested', detail)).toContain('detail.a');
    const rejection = { reason: 'InvalidRequest', message: 'No.', problems: [] };
    const { detail: answer } = rejectionAnnouncement({ ...incoming, detail }, rejection);
    expect(answer.request).toBe(`${'{"a":'.repeat(16)}"…"${'}'.repeat(16)}`);
  });
});

describe('a request', () => {
  const registration = { accountId: '456789012345', name: 'genomics' };
  it.each([
    [
      'an account id of 11 digits',
      'AccountRegistrationRequested',
      { ...registration, accountId: '45678901234' },
      ['detail.accountId'],
    ],
    [
      'an account id as a number',
      'AccountRegistrationRequested',
      { ...registration, accountId: 456789012345 },
      ['detail.accountId'],
    ],
    ['a missing name', 'AccountRegistrationRequested', { accountId: '456789012345' }, ['detail.name']],
    [
      '200 KB of name',
      'AccountRegistrationRequested',
      { ...registration, name: 'x'.repeat(200_000) },
      ['detail.name'],
    ],
    ['a list for a detail', 'AccountRegistrationRequested', [registration], ['detail']],
    [
      'an unknown key',
      'AccountRegistrationRequested',
      { ...registration, baselin: 'analytics' },
      ['detail.baselin'],
    ],
    ['an unknown detail-type', 'AccountRegistrationRequsted', registration, ['detail-type']],
    ['a detail-type of Object.prototype', 'constructor', registration, ['detail-type']],
    [
      'a role in another account',
      'AccountRegistrationRequested',
      { ...registration, executionRoleArn: 'arn:aws:iam::999999999999:role/x' },
      ['detail.executionRoleArn'],
    ],
    [
      'every problem at once',
      'AccountRegistrationRequested',
      { accountId: '1', name: '' },
      ['detail.accountId', 'detail.name'],
    ],
    [
      'accounts and a baseline',
      'DriftSweepRequested',
      { accountIds: ['456789012345'], baseline: 'analytics' },
      ['detail.baseline'],
    ],
  ])('with %s names the path', (_, detailType, detail, paths) => {
    expect(problems(detailType, detail)).toEqual(paths);
  });

  it('that is right has no problems', () => {
    expect(
      problems('AccountRegistrationRequested', { ...registration, baseline: 'analytics@3', mode: 'observe' }),
    ).toEqual([]);
    expect(problems('DriftSweepRequested', {})).toEqual([]);
  });
});

describe('a rejection', () => {
  it('keeps the ExternalId to itself', () => {
    const detail = { accountId: '1', externalId: 'a-secret-of-two' };
    const rejection = { reason: 'InvalidRequest', message: 'no', problems: [] };
    const { request } = rejectionAnnouncement({ ...incoming, detail }, rejection).detail;
    expect(request).toContain('"externalId":"****"');
    expect(request).not.toContain('a-secret-of-two');
  });

  it('echoes at most 1 KB of what was asked', () => {
    const detail = { accountId: '45678901234', name: 'ä'.repeat(100_000) };
    const rejection = {
      reason: 'InvalidRequest',
      message: 'no',
      problems: [{ path: 'detail.name', message: 'too long' }],
    };
    const event = rejectionAnnouncement({ ...incoming, detail }, rejection);
    expect(event.detail.accountId).toBe('45678901234');
    expect(Buffer.byteLength(String(event.detail.request))).toBeLessThanOrEqual(1_030);
    expect(String(event.detail.request)).not.toContain('\uFFFD');
    expect(JSON.stringify(event).length).toBeLessThan(3_000);
  });
});
