import { describe, expect, it } from '@jest/globals';
import { outcomeOf, rejected } from '../../controllers/fleet/outcome.ts';
import { onItsWay, rejectionAnnouncement } from '../../controllers/intake/event.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { parseRequest } from '../../shared/domain/requests.ts';

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
    const now = new Date('2026-11-20T11:00:00.000Z');
    expect(onItsWay(envelope, true, now)).toEqual({
      cause,
      detail,
      account: 'unknown',
      time,
      arrivedAt: now.toISOString(),
      redelivered: true,
    });
  });
});

describe('an event about an item that cannot be read', () => {
  it('is answered with the key and the path, and is not redelivered', async () => {
    const key = { pk: 'account#456789012345', sk: 'desired' };
    const outcome = await outcomeOf(async () => {
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
    const fails = outcomeOf(() => Promise.reject(new Error('the table is gone')));
    await expect(fails).rejects.toThrow('the table is gone');
  });
});

describe('a request that is nested 60,000 levels deep', () => {
  it('is echoed as far as a person would read', () => {
    const text = `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`;
    const detail = JSON.parse(text);
    expect(problems('AccountRegistrationRequested', detail)).toContain('detail.a');
    const rejection = { reason: 'InvalidRequest', message: 'No.', problems: [] };
    const { detail: answer } = rejectionAnnouncement({ ...incoming, detail }, rejection);
    // The field is unknown, so that what it holds is masked.
    expect(answer.request).toBe(`${'{"a":'.repeat(16)}"****"${'}'.repeat(16)}`);
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
    [
      'more than fits into a record',
      'AccountRegistrationRequested',
      {
        ...registration,
        values: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, 'v'.repeat(1_000)])),
      },
      ['detail'],
    ],
    ...['role/a/../b', 'role/./b', 'role//b', 'role/b/', `role/${'b'.repeat(65)}`].map(
      (role): [string, string, object, string[]] => [
        `a role that is none, ${role}`,
        'AccountRegistrationRequested',
        { ...registration, executionRoleArn: `arn:aws:iam::456789012345:${role}` },
        ['detail.executionRoleArn'],
      ],
    ),
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

  it('that is valid has no problems', () => {
    expect(
      problems('AccountRegistrationRequested', { ...registration, baseline: 'analytics@3', mode: 'observe' }),
    ).toEqual([]);
    expect(problems('DriftSweepRequested', {})).toEqual([]);
  });
});

describe('a rejection', () => {
  const rejection = { reason: 'InvalidRequest', message: 'no', problems: [] };
  const echoOf = (detail: unknown) =>
    String(rejectionAnnouncement({ ...incoming, detail }, rejection).detail.request);

  it.each(['externalId', 'externalID', 'ExternalId', 'external_id', 'extrenalId', 'secret'])(
    'shows only the ends of an ExternalId, under %s',
    (key) => {
      const request = echoOf({ accountId: '1', [key]: 'Zx4vJ0m1Qn7aTt9y' });
      expect(JSON.parse(request)).toEqual({ accountId: '1', [key]: 'Zx****9y' });
    },
  );

  it('masks an ExternalId in unknown fields and in known ones, at any depth', () => {
    const externalId = 'Zx4vJ0m1Qn7aTt9y';
    const request = echoOf({ account: { of: [externalId] }, values: { ExternalID: externalId } });
    expect(request).not.toContain(externalId);
    expect(echoOf({ name: 'genomics', values: { cidr: '10.7.0.0/16' } })).toBe(
      '{"name":"genomics","values":{"cidr":"10.7.0.0/16"}}',
    );
  });

  it.each([
    ['an object with a toString of its own', { toString: 5 }, '{"toString":5}'],
    ['a list', ['456789012345'], '["456789012345"]'],
    ['a number', 456789012345, '456789012345'],
    ['nothing', null, 'null'],
    ['not there', undefined, undefined],
  ])('is made whatever the account id is: %s', (_, accountId, claimed) => {
    const { detail } = rejectionAnnouncement(
      { ...incoming, detail: accountId === undefined ? {} : { accountId } },
      rejection,
    );
    expect(detail.accountId).toBe(claimed);
  });

  it('of thousands of problems lists fifty, and the number of the others, and fits into an event and an item', () => {
    const detail = Object.fromEntries(
      Array.from({ length: 24_000 }, (_, i) => [`${'k'.repeat(2_000)}${i}`, 1]),
    );
    const parsed = parseRequest('AccountRegistrationRequested', detail);
    const found = 'problems' in parsed ? parsed.problems : [];
    const outcome = rejected('InvalidRequest', `no: ${'ü'.repeat(90_000)}`, found);
    expect(outcome).toMatchObject({ did: 'rejected' });
    if (outcome.did !== 'rejected') return;
    expect(outcome.rejection.problems).toHaveLength(51);
    expect(outcome.rejection.problems[50]).toEqual({ path: '', message: 'and 23952 more problems' });
    const answer = rejectionAnnouncement({ ...incoming, detail }, outcome.rejection);
    for (const said of [outcome.rejection, answer])
      expect(Buffer.byteLength(JSON.stringify(said))).toBeLessThan(200_000);
  });

  it('echoes at most 1 KB of the request', () => {
    const detail = { accountId: '45678901234', name: 'ä'.repeat(100_000) };
    const event = rejectionAnnouncement({ ...incoming, detail }, rejection);
    expect(event.detail.accountId).toBe('45678901234');
    expect(Buffer.byteLength(String(event.detail.request))).toBeLessThanOrEqual(1_030);
    expect(String(event.detail.request)).not.toContain('\uFFFD');
    expect(JSON.stringify(event).length).toBeLessThan(3_000);
  });
});
