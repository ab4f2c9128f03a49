import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Exception } from '../../shared/domain/exceptions.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { captured } from '../kit/captured.ts';
import { EVENT, useMainInMemory } from '../kit/cli-in-memory.ts';
import { aBaselineItem, aRecord, aRejected, aStatus, MEMBER } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';
import { shippedBaseline } from '../kit/shipped-baseline.ts';

let fake: FakeMain;
await useMainInMemory(() => fake);
const { run } = await import('../../cli/program.ts');

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const day = inDays(30).slice(0, 10);
/** When that day is over. */
const end = `${inDays(31).slice(0, 10)} 00:00:00Z`;
const PATH = 'network:subnet.public.mapPublicIpOnLaunch';
const anException = (given: Partial<Exception> = {}): Exception => ({
  path: PATH,
  until: inDays(30),
  because: 'the vendor migrates',
  request: EVENT,
  at: inDays(-1),
  requestedBy: 'arn:aws:iam::345678901234:user/ana',
  ...given,
});
const excepted: Difference = {
  ...{
    kind: 'network',
    resource: 'subnet public',
    path: 'mapPublicIpOnLaunch',
    desired: true,
    actual: false,
  },
  ...{ action: 'reported', exceptedUntil: inDays(30) },
};

beforeEach(() => {
  fake = fakeMain();
  account({});
});

/** The account, on the shipped baseline `analytics`. */
function account(given: Parameters<typeof aRecord>[0], status: Parameters<typeof aStatus>[0] = {}): void {
  const { sections } = shippedBaseline();
  const record = aRecord(given);
  fake.store.put(
    { ...aBaselineItem(), sections },
    { ...record, ...accountKey(MEMBER), collection: 'account', collectionKey: MEMBER },
    {
      ...aStatus({ observedGeneration: record.generation, ...status }),
      ...statusKey(MEMBER),
    },
  );
}

async function orgkeeper(...argv: string[]) {
  const { code, stdout, stderr } = await captured(() => run(argv));
  return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}
const except = (path: string, ...more: string[]) =>
  orgkeeper('except', MEMBER, '--path', path, '--until', day, '--because', 'the vendor migrates', ...more);

describe('except', () => {
  it('requests the exception, and says how to see it', async () => {
    const { code, stderr } = await except('network:subnet.public.*');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        `Requested the exception network:subnet.public.* in account ${MEMBER} until ${end} with event ${EVENT}.\n` +
        `\`orgkeeper exceptions ${MEMBER}\` shows it within seconds, unless it is rejected.\n`,
    });
  });

  it('with --wait ends once a run has seen the exception', async () => {
    account({ exceptions: [anException()] });
    const { code, stderr } = await except(PATH, '--wait');
    expect({ code, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: `Account ${MEMBER}: ${PATH} is reported and not corrected until ${end}.`,
    });
  });

  it('with --wait says why the request was rejected', async () => {
    await putRejection(
      fake.main.table,
      {
        ...aRejected(EVENT),
        cause: { source: 'orgkeeper.request', detailType: 'ExceptionRequested', id: EVENT },
      },
      { reason: 'TooManyExceptions', message: 'It is one too many.', problems: [] },
    );
    const { code, stderr } = await except(PATH, '--wait');
    expect(code).toBe(1);
    expect(stderr).toContain('It is one too many.');
  });

  it.each([
    ['netwerk:*', /names netwerk, which is no section of the baseline analytics@3: it has .*network/],
    [
      'network:subnet.publik.*',
      /names nothing that a run by the baseline analytics@3 would correct in this account: name a field of network:vpc/,
    ],
    ['network:vpc.cidr', /names nothing that a run/],
    [
      'executionRole:*.inlinePolicies.orgkeeper',
      /covers executionRole:\S+\.inlinePolicies\.\*, and to leave/,
    ],
    [
      'executionRole:*',
      /covers executionRole:\S+\.trustPolicy, and to leave that may let somebody in: name a narrower path, or say --i-know\./,
    ],
    ['executionRole:*.trustPolicy', /may let somebody in/],
    ['network', /detail\.path: must be kind:path/],
  ])('refuses the path %s in one sentence', async (path, sentence) => {
    const { code, stdout, stderr } = await except(path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['executionRole:*.trustPolicy', '--i-know'],
    ['executionRole:*.description'],
    ['network:vpc.tags.team'],
    ['network:subnet.public'],
    ['parameters:*.value'],
  ])('accepts the path %s %s', async (path, ...more) => {
    const { code, stderr } = await except(path, ...more);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('Requested') });
  });

  it('accepts the path of a difference that the last run found, though the baseline does not name it', async () => {
    account({}, { excepted: [{ ...excepted, resource: 'subnet by-hand' }] });
    expect((await except('network:subnet.by-hand.*')).code).toBe(0);
  });

  it.each([
    ['an account that is not registered', ['999999999999'], /does not know account 999999999999/],
    ['a day in the past', [MEMBER, '--until', '2026-01-01'], /It is over already\./],
    [
      'a day more than a year ahead',
      [MEMBER, '--until', inDays(400).slice(0, 10)],
      /is more than a year ahead/,
    ],
    ['what is no day', [MEMBER, '--until', 'tomorrow'], /must be a day such as/],
    ['no reason', [MEMBER, '--because', ' '], /must say why, in 1 to 256 characters/],
  ])('refuses %s in one sentence', async (_, argv, sentence) => {
    const defaults = ['--path', PATH, '--until', day, '--because', 'x'];
    // An option that is not valid ends the process.
    const said = await orgkeeper('except', ...defaults, ...argv).then(
      ({ stderr }) => stderr,
      (error: Error) => error.message,
    );
    expect(said).toMatch(sentence);
  });

  it('refuses an account that is not managed', async () => {
    account({ lifecycle: 'retired' });
    expect((await except(PATH)).stderr).toBe(
      `orgkeeper: Account ${MEMBER} is retired, and only a managed account has exceptions: register it.\n`,
    );
  });
});

describe('exceptions', () => {
  beforeEach(() => {
    const over = anException({ path: 'network:vpc.*', until: inDays(-0.5) });
    account({ exceptions: [over, anException()] }, { excepted: [excepted] });
  });

  it.each([[[]], [[MEMBER]]])('shows who, why and until when, and how much each leaves', async (ids) => {
    const { stdout, stderr } = await orgkeeper('exceptions', ...ids);
    const [, first, second] = stdout.split('\n');
    expect(first).toMatch(/^456789012345 +network:vpc\.\* +ended /);
    expect(second).toMatch(
      / live +\S+ \S+ +1 difference +arn:aws:iam::345678901234:user\/ana +the vendor migrates/,
    );
    expect(stderr).toBe('1 exception, and 1 that ended.\n');
  });

  it('prints every field as JSON', async () => {
    const { stdout } = await orgkeeper('exceptions', '--json');
    expect(JSON.parse(stdout)[1]).toMatchObject({
      ...{ accountId: MEMBER, path: PATH, state: 'live', because: 'the vendor migrates', leaves: [PATH] },
      requestedBy: 'arn:aws:iam::345678901234:user/ana',
    });
  });

  it('leaves out nothing that account shows', async () => {
    const { stdout } = await captured(() => run(['account', MEMBER]));
    expect(stdout).toContain(`${PATH} until `);
    expect(stdout).not.toContain('network:vpc.*');
    expect(stdout).toContain('excepted until ');
    const { stdout: json } = await captured(() => run(['account', MEMBER, '--json']));
    expect(JSON.parse(json)).toMatchObject({ exceptions: [{}, { path: PATH }], excepted: [excepted] });
  });
});

describe('exceptions end', () => {
  it('requests the end of an exception', async () => {
    account({ exceptions: [anException()] });
    expect((await orgkeeper('exceptions', 'end', MEMBER, '--path', PATH)).stderr).toBe(
      `Requested the end of the exception ${PATH} in account ${MEMBER} with event ${EVENT}.\n` +
        'The run that follows corrects what it covered.\n',
    );
  });

  it('with --wait ends once a run has seen that the exception has ended', async () => {
    account({ exceptions: [anException()] });
    const ended = { exceptions: [anException({ endedAt: inDays(0) })], generation: 8 };
    fake.store.onCall = (command) => {
      // Each look asks first whether the request was rejected.
      if (command !== 'GetCommand') return;
      account(ended, { observedGeneration: fake.store.calls.GetCommand === 1 ? 7 : 8 });
    };
    const { code, stderr } = await orgkeeper('exceptions', 'end', MEMBER, '--path', PATH, '--wait');
    expect({ code, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: `Account ${MEMBER}: ${PATH} is corrected again.`,
    });
    expect(fake.store.calls.GetCommand).toBe(2);
  });

  it('refuses a path that no exception of the account has', async () => {
    account({ exceptions: [anException({ endedAt: inDays(-0.1) })] });
    for (const path of [PATH, 'network:*'])
      expect(await orgkeeper('exceptions', 'end', MEMBER, '--path', path)).toMatchObject({
        code: 1,
        stderr: `orgkeeper: Account ${MEMBER} has no exception ${path}: \`orgkeeper exceptions ${MEMBER}\` shows those that it has.\n`,
      });
  });
});
