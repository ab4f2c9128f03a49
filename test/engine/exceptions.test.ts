import { describe, expect, it } from '@jest/globals';
import { endedExceptions, exceptedInWords, partExcepted } from '../../controllers/engine/exceptions.ts';
import type { RunOutcome } from '../../controllers/engine/model.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import type { AnyKind } from '../../controllers/kinds/kind.ts';
import type { Exception } from '../../shared/domain/exceptions.ts';
import type { AccountStatus, Difference } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { smallAccount } from './small-account.ts';

const UNTIL = '2027-01-31T00:00:00.000Z';
const anException = (path: string, given: Partial<Exception> = {}): Exception => ({
  path,
  until: UNTIL,
  because: 'the vendor migrates',
  request: 'event-5',
  at: '2026-11-20T10:00:00.000Z',
  ...given,
});

/** `kind:resource/path`, with the resource as it is: `network:subnet public/mapPublicIpOnLaunch`. */
function differing(name: string, action: Difference['action'] = 'updated'): Difference {
  const [, kind = '', resource = '', path = ''] = /^(\w+):([^|]*)\|(.*)$/.exec(name) ?? [];
  return { kind, resource, path, desired: 'new', ...(action === 'updated' && { actual: 'old' }), action };
}
const nameOf = ({ kind, resource, path }: Difference) => `${kind}:${resource}|${path}`;

/** What exceptions leave of these differences, and what is written. */
function parted(differences: readonly Difference[], exceptions: readonly Exception[]) {
  const [first] = differences;
  const kind = kinds.find(({ name }) => name === first?.kind) as AnyKind;
  const { comparison, excepted } = partExcepted({ differences, blocked: [], unowned: [] }, kind, exceptions);
  return { written: comparison.differences.map(nameOf), left: excepted.map(nameOf), excepted };
}

describe('partExcepted', () => {
  const map = 'network:subnet public|mapPublicIpOnLaunch';
  const table = 'network:subnet public|routeTable';
  const other = 'network:subnet private|mapPublicIpOnLaunch';

  it('leaves what a path names, with the end of the exception, and nothing else', () => {
    const { written, left, excepted } = parted(
      [map, table, other].map((name) => differing(name)),
      [anException('network:subnet.public.mapPublicIpOnLaunch')],
    );
    expect({ written, left }).toEqual({ written: [table, other], left: [map] });
    expect(excepted).toEqual([{ ...differing(map), action: 'reported', exceptedUntil: UNTIL }]);
  });

  it.each([
    ['network:subnet.public.*', [map, table]],
    ['network:subnet public.*', [map, table]],
    ['network:*.mapPublicIpOnLaunch', [map, other]],
    ['network:subnet.p?????.routeTable', [table]],
    ['network:*', [map, table, other]],
    ['parameters:*', []],
    ['network:subnet.public', []],
    ['network:Subnet.public.*', []],
  ])('covers by the path %s what it matches', (path, expected) => {
    const all = [map, table, other].map((name) => differing(name));
    expect(parted(all, [anException(path)]).left).toEqual(expected);
  });

  it('leaves a resource missing only if the path names the resource itself', () => {
    const missing = differing('network:subnet public|', 'created');
    expect(parted([missing], [anException('network:subnet.public.*')]).left).toEqual([]);
    expect(parted([missing], [anException('network:subnet.public')]).left).toEqual([
      'network:subnet public|',
    ]);
  });

  it('has the latest end of the exceptions that cover a difference', () => {
    const early = anException('network:subnet.public.*', { until: '2026-12-01T00:00:00.000Z' });
    const { excepted } = parted([differing(map)], [early, anException('network:*'), early]);
    expect(excepted.map(({ exceptedUntil }) => exceptedUntil)).toEqual([UNTIL]);
  });

  it.each([
    'executionRole:Runner|trustPolicy',
    'executionRole:Runner|permissionsBoundary',
    'executionRole:Runner|inlinePolicies.Work',
    'executionRole:Runner|managedPolicies.arn:aws:iam::aws:policy/AdministratorAccess',
    'roles:analyst|trustPolicy',
    'roles:analyst|inlinePolicies.Work',
    'assumeGrants:role reader|inlinePolicies.orgkeeperAssume',
    'bucketAccess:lake|OrgkeeperReaders',
    'publicAccessBlock:public access block|blockPublicPolicy',
  ])('corrects %s, which may let somebody in, unless the exception says that its author knows', (name) => {
    const [kind] = name.split(':');
    expect(parted([differing(name)], [anException(`${kind}:*`)]).left).toEqual([]);
    expect(parted([differing(name)], [anException(`${kind}:*`, { iKnow: true })]).left).toEqual([name]);
  });

  it.each([
    'executionRole:Runner|inlinePolicies.orgkeeper',
    'network:vpc|tags.orgkeeper:owner',
    'network:vpc|tags.orgkeeper:name',
    'roles:analyst|instanceProfile.tags.orgkeeper:owner',
    'network:vpc|cidr',
    'clusters:cluster nightly|',
  ])('never leaves %s', (name) => {
    const [kind] = name.split(':');
    expect(parted([differing(name)], [anException(`${kind}:*`, { iKnow: true })]).left).toEqual([]);
  });

  it.each([
    [
      'parameters:/a|value',
      ['parameters:/a|description'],
      ['parameters:/a|tags.team', 'parameters:/b|value'],
    ],
    ['parameters:/a|type', ['parameters:/a|value', 'parameters:/a|tags.team'], ['parameters:/b|type']],
    ['parameters:/a|tier', ['parameters:/a|tags.orgkeeper:owner'], []],
    ['parameters:/a|tags.team', [], ['parameters:/a|value']],
    ['network:vpc|dnsSupport', ['network:vpc|dnsHostnames'], ['network:vpc|tags.team']],
    [
      'roles:analyst|description',
      ['roles:analyst|maxSessionDuration'],
      ['roles:analyst|tags.team', 'roles:b|description'],
    ],
    ['roles:analyst|', ['roles:analyst|instanceProfile'], ['roles:b|']],
    ['network:subnet public|', [], ['network:subnet private|', 'network:endpoint s3|policy']],
  ])('leaves with %s what cannot be written without it', (name, along, written) => {
    const action = name.endsWith('|') ? 'created' : 'updated';
    const all = [name, ...along, ...written].map((one) => differing(one, action));
    const path = name.replace('|', '.').replaceAll(' ', '.').replace(/\.$/, '');
    const found = parted(all, [anException(path)]);
    expect({ left: found.left.toSorted(), written: found.written }).toEqual({
      left: [name, ...along].toSorted(),
      written,
    });
    expect(new Set(found.excepted.map(({ exceptedUntil }) => exceptedUntil))).toEqual(new Set([UNTIL]));
  });

  it.each(['network:vpc|', 'network:internet gateway|attachment', 'network:route table public|'])(
    'leaves the whole network while %s is left missing',
    (name) => {
      const all = [
        differing(name, 'created'),
        differing(table),
        differing('network:route table public|routes.0.0.0.0/0'),
      ];
      const path = name.replace('|', '.').replaceAll(' ', '.').replace(/\.$/, '');
      expect(parted(all, [anException(path)]).written).toEqual([]);
    },
  );

  it('corrects everything where an exception would also leave what may let somebody in', () => {
    const kind = {
      name: 'things',
      exceptions: { fields: { a: 'freely', b: 'knowingly' }, goesWith: () => true },
    } as unknown as AnyKind;
    const differences = ['things:x|a', 'things:x|b'].map((name) => differing(name));
    const compared = { differences, blocked: [], unowned: [] };
    expect(partExcepted(compared, kind, [anException('things:x.a')])).toEqual({
      comparison: compared,
      excepted: [],
    });
    for (const knowing of [
      [anException('things:x.a'), anException('things:x.b', { iKnow: true })],
      [anException('things:x.a', { iKnow: true })],
    ])
      expect(partExcepted(compared, kind, knowing).excepted).toHaveLength(2);
    const never = { ...kind, exceptions: { ...kind.exceptions, fields: { a: 'freely' } } } as AnyKind;
    expect(partExcepted(compared, never, [anException('things:*', { iKnow: true })]).excepted).toEqual([]);
  });
});

describe('exceptedInWords', () => {
  it('names ten differences with their ends, and counts the others', () => {
    const one: Difference = { ...differing('network:vpc|tags.a'), exceptedUntil: UNTIL };
    expect(exceptedInWords([one])).toBe(
      `1 difference is excepted and not corrected: vpc tags.a until ${UNTIL}.`,
    );
    expect(exceptedInWords(Array.from({ length: 12 }, () => one))).toMatch(
      /^12 differences are excepted and not corrected: .*Z and 2 more\.$/,
    );
  });
});

describe('endedExceptions', () => {
  const now = new Date('2027-01-31T00:00:00.000Z');
  const reasons = (before: readonly Exception[], live: readonly Exception[], at = now) =>
    endedExceptions(before, live, at).map(({ detail }) => detail.reason);

  it('says whether the time of an exception is over, or a request ended it', () => {
    const one = anException('network:*');
    expect(reasons([one], [])).toEqual(['TimeOver']);
    expect(reasons([one], [], new Date('2027-01-30T23:59:59Z'))).toEqual(['EndedByRequest']);
  });

  it('says nothing of one that another with its path has replaced', () => {
    const later = anException('network:*', { until: '2027-06-30T00:00:00.000Z', request: 'event-6' });
    expect(reasons([anException('network:*')], [later])).toEqual([]);
  });
});

/** An account of which network and parameters differ in whole, with exceptions. */
function excepting(
  exceptions: readonly Exception[],
  given: { status?: Partial<AccountStatus>; generation?: number } = {},
) {
  const account = smallAccount([], { network: () => undefined, parameters: () => undefined });
  account.store.put(
    { ...aRecord({ exceptions, generation: given.generation ?? 3 }), ...accountKey(MEMBER) },
    { ...aStatus(given.status), ...statusKey(MEMBER) },
  );
  return account;
}
const statusOf = (outcome: RunOutcome) => {
  if (outcome.did !== 'ran') throw new Error(`no run: ${outcome.did}`);
  return outcome.status;
};
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

describe('A run with an exception', () => {
  it('leaves the difference, corrects the others, and is ready, with a condition that says what is excepted', async () => {
    const until = inDays(30);
    const account = excepting([anException('network:network', { until })]);
    const status = statusOf(await account.pass());
    expect(account.writes).toEqual(['parameters']);
    expect(status).toMatchObject({
      ready: true,
      excepted: [
        { kind: 'network', resource: 'network', path: '', action: 'reported', exceptedUntil: until },
      ],
      exceptions: [{ path: 'network:network', until }],
      lastPass: { result: 'corrected' },
    });
    expect(status.conditions.find(({ type }) => type === 'Network')).toMatchObject({
      status: 'True',
      reason: 'Excepted',
      message: `1 difference is excepted and not corrected: network until ${until}. Everything else is as the baseline says.`,
    });
  });

  it('without another difference takes no lease, reads once and writes once, and is due when the exception ends', async () => {
    const until = inDays(30);
    const account = excepting([
      anException('network:network', { until }),
      anException('parameters:parameters', { until: inDays(60) }),
    ]);
    await account.pass();
    const before = { ...account.store.calls };
    const status = statusOf(await account.pass({ sentAt: new Date() }));
    const calls = Object.entries(account.store.calls).map(([name, count]) => [
      name,
      count - (before[name] ?? 0),
    ]);
    expect(Object.fromEntries(calls.filter(([, count]) => count !== 0))).toEqual({
      BatchGetCommand: 1,
      PutCommand: 1,
      // The baseline, which a function reads once.
      GetCommand: 1,
    });
    expect(account.writes).toEqual([]);
    expect(status.lastPass?.result).toBe('unchanged');
    expect(Math.abs(Date.parse(status.dueAt ?? '') - Date.parse(until))).toBeLessThanOrEqual(1_000);
  });

  it('has the difference in its history when it is first seen, and again when it has another value', async () => {
    const account = excepting([anException('network:network', { until: inDays(30) })]);
    const seen = async () => {
      const status = statusOf(await account.pass({ sentAt: new Date() }));
      return status.lastPass?.differences.filter(({ exceptedUntil }) => exceptedUntil !== undefined).length;
    };
    expect(await seen()).toBe(1);
    expect(await seen()).toBe(0);
    const saved = account.item('status');
    account.store.put({
      ...saved,
      excepted: [{ ...differing('network:network|'), actual: 'another', exceptedUntil: inDays(30) }],
    });
    expect(await seen()).toBe(1);
  });

  it('corrects the difference once the time of the exception is over, and announces that once', async () => {
    const over = anException('network:network', { until: inDays(-1), requestedBy: 'ana' });
    const account = excepting([over], { status: { exceptions: [over] } });
    const status = statusOf(await account.pass());
    expect(account.writes).toEqual(['network', 'parameters']);
    expect(status).not.toHaveProperty('exceptions');
    expect(status).not.toHaveProperty('excepted');
    await account.pass({ sentAt: new Date() });
    const ended = account.said.filter(({ detailType }) => detailType === 'ExceptionEnded');
    expect(ended.map(({ detail }) => detail)).toEqual([
      expect.objectContaining({
        ...{ accountId: MEMBER, path: 'network:network', request: 'event-5', because: 'the vendor migrates' },
        ...{ requestedBy: 'ana', reason: 'TimeOver' },
      }),
    ]);
  });

  it('corrects the difference once a request has ended the exception', async () => {
    const live = anException('network:network', { until: inDays(30) });
    const account = excepting([{ ...live, endedAt: inDays(-1) }], { status: { exceptions: [live] } });
    await account.pass();
    expect(account.writes).toContain('network');
    expect(account.said).toContainEqual(
      expect.objectContaining({
        detailType: 'ExceptionEnded',
        detail: expect.objectContaining({ reason: 'EndedByRequest' }),
      }),
    );
  });

  it('announces no end of an exception from before the last retirement', async () => {
    const old = anException('network:network', { until: inDays(30) });
    const account = excepting([], { status: { exceptions: [old] } });
    account.store.put({ ...aRecord({ generation: 5, keptSince: 4 }), ...accountKey(MEMBER) });
    await account.pass();
    expect(account.said.map(({ detailType }) => detailType)).not.toContain('ExceptionEnded');
  });

  it('does not count what is excepted towards the brake of its sweep', async () => {
    const account = excepting([
      anException('network:network', { until: inDays(30) }),
      anException('parameters:parameters', { until: inDays(30) }),
    ]);
    account.store.put({
      ...{ pk: 'sweep#s', sk: 'progress', sweepId: 's', accounts: 10, drifted: 0, stopped: false },
      startedAt: '2026-11-20T10:00:00.000Z',
    });
    await account.pass({ sweepId: 's' });
    expect(account.store.items('sweep#')).toMatchObject([{ drifted: 0 }]);
  });
});
