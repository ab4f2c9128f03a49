import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AccountPlan } from '../../cli/plan-report.ts';
import type { Planner } from '../../cli/planner.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { PlanDocument } from '../../shared/domain/plan.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { captured } from '../kit/captured.ts';
import { aRecord } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const [A, B, C, D] = ['111111111111', '222222222222', '333333333333', '444444444444'];
const ON_LAKE = { name: 'lake', version: 2 };

/** How accounts are planned in a test: by default, nothing differs. */
let answers: Map<string, (record: AccountRecord) => Promise<AccountPlan>>;
let asked: string[];
let records: AccountRecord[];

jest.unstable_mockModule('../../cli/planner.ts', () => ({
  connectPlanner: async (): Promise<Planner> => ({
    table: fakeMain([
      ...records.map((record) => ({
        collection: 'account',
        collectionKey: record.accountId,
        ...record,
        ...accountKey(record.accountId),
      })),
      ...['analytics#000000003', 'lake#000000002'].map((key) => {
        const [name = '', version] = key.split('#');
        return {
          ...{ pk: `baseline#${name}`, sk: `version#${version}`, collection: 'baseline', collectionKey: key },
          ...{
            schemaVersion: 1,
            name,
            version: Number(version),
            description: '',
            sections: {},
            text: '',
            publishedAt: '',
          },
        };
      }),
    ]).main.table,
    deployment: '123456789012 eu-west-1',
    async plan(record) {
      asked.push(record.accountId);
      return answers.get(record.accountId)?.(record) ?? planned(record);
    },
  }),
}));
const { run } = await import('../../cli/program.ts');

function planned({ accountId, name }: AccountRecord, more: Partial<PlanDocument> = {}): AccountPlan {
  const document = { accountId, baseline: { name: 'analytics' }, differences: [], obstacles: [], ...more };
  return { accountId, name, foreign: 0, document };
}

/** A difference that says the account's own id and name. */
const own = ({ accountId, name }: AccountRecord): PlanDocument['differences'][number] => ({
  ...{ kind: 'parameters', resource: '/account', path: 'value', action: 'updated' },
  ...{ actual: 'x', desired: `${name} ${accountId}` },
});

const { XDG_CACHE_HOME } = process.env;
let cache: string;
beforeEach(() => {
  answers = new Map();
  asked = [];
  records = [A, B, C].map((accountId) => aRecord({ accountId, name: `account-${accountId.charAt(0)}` }));
  records.push(aRecord({ accountId: D, name: 'lake', baseline: ON_LAKE }));
  cache = mkdtempSync(join(tmpdir(), 'orgkeeper-'));
  process.env.XDG_CACHE_HOME = cache;
});
afterEach(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
});

async function plan(...argv: string[]) {
  const { code, stdout, stderr } = await captured(() => run(['plan', ...argv]));
  return { code, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}

describe('plan of many accounts', () => {
  it('groups accounts for which a run would do the same, whatever their own id and name', async () => {
    for (const id of [A, B])
      answers.set(id, async (record) => planned(record, { differences: [own(record)] }));
    const { stdout, stderr, code } = await plan('--all');
    expect(stdout.split('\n')).toEqual([
      '2 accounts: 111111111111 account-1, 222222222222 account-2',
      '~ parameters /account',
      '~   value: x → account-1 111111111111',
      'Each: 1 to update.',
      '',
      '2 accounts: 333333333333 account-3, 444444444444 lake',
      '  nothing to change',
      '',
      '',
    ]);
    expect(stderr).toContain('Planned 4 of 4 accounts …\n');
    expect(stderr).toMatch(/\n2 of 4 accounts differ from their baselines\.\n$/);
    expect(code).toBe(2);
  });

  it('exits 0 if nothing differs, and plans only managed accounts of the named baseline', async () => {
    records.push(aRecord({ accountId: '555555555555', baseline: ON_LAKE, lifecycle: 'retired' }));
    const { code, stdout } = await plan('--baseline', 'lake', '--json');
    expect({ code, asked }).toEqual({ code: 0, asked: [D] });
    expect(JSON.parse(stdout)).toEqual({
      plans: [{ name: 'lake', ...planned(aRecord({ accountId: D })).document }],
      failures: [],
    });
    expect((await plan('--baseline', 'lake@1')).stderr).toContain(
      'There is no lake@1: the newest version is lake@2.',
    );
  });

  it('plans at most 20 accounts at once', async () => {
    records = Array.from({ length: 60 }, (_, at) =>
      aRecord({ accountId: String(100_000_000_000 + at), name: 'x' }),
    );
    let now = 0;
    let most = 0;
    for (const { accountId } of records)
      answers.set(accountId, async (record) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return planned(record);
      });
    expect((await plan('--all')).code).toBe(0);
    expect(most).toBe(20);
  });

  it('continues if an account cannot be planned, exits 1, and plans only the missing ones with --resume', async () => {
    answers.set(B, async () => Promise.reject(new Error('The request was lost.')));
    const { stderr, stdout, code } = await plan('--all');
    expect(code).toBe(1);
    expect(stdout).toContain(
      '3 accounts: 111111111111 account-1, 333333333333 account-3, 444444444444 lake\n',
    );
    expect(stderr).toContain('\n  222222222222 account-2: The request was lost.\n');
    expect(stderr).toMatch(
      /orgkeeper: 1 of 4 accounts could not be planned completely: 222222222222 account-2\. .*--resume/,
    );
    answers.delete(B);
    asked = [];
    expect(await plan('--all', '--resume')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('4 accounts: 111111111111 account-1'),
    });
    expect(asked).toEqual([B]);
    asked = [];
    await plan('--all', '--resume');
    expect(asked).toEqual([A, B, C, D]);
  });

  it('plans an account again with --resume if its desired state has changed, or another file is given', async () => {
    answers.set(B, async () => Promise.reject(new Error('lost')));
    await plan('--all');
    records = records.map((record) =>
      record.accountId === C ? { ...record, generation: record.generation + 1 } : record,
    );
    asked = [];
    await plan('--all', '--resume');
    expect(asked).toEqual([B, C]);
    asked = [];
    await plan('--all', '--resume', '--show-secrets');
    expect(asked).toEqual([A, B, C, D]);
  });

  it('caches plans in files that only the user can read', async () => {
    answers.set(B, async () => Promise.reject(new Error('lost')));
    await plan('--all');
    const folder = join(cache, 'orgkeeper', 'plans');
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is a comment for a pull request with --format md', async () => {
    answers.set(A, async (record) => planned(record, { differences: [own(record)] }));
    answers.set(B, async ({ accountId, name }) => ({
      accountId,
      name,
      failure: 'It is <b>closed</b> @everyone.',
    }));
    const { stdout } = await plan('--all', '--format', 'md');
    expect(stdout.split('\n')).toEqual([
      '### 1 of 4 accounts differ from their baselines.',
      '',
      '**2 accounts**: 333333333333 account-3, 444444444444 lake: nothing to change',
      '',
      '**1 account**: 111111111111 account-1',
      '',
      '``````````diff',
      '~ parameters /account',
      '~   value: x → account-1 111111111111',
      '``````````',
      '',
      '**1 account without a plan**',
      '',
      '- `222222222222` account-2: It is &#60;b&#62;closed&#60;/b&#62; &#64;everyone.',
      '',
    ]);
  });

  it.each([[['--all', '--baseline', 'lake']], [[]], [[A, '--all']], [[A, '--resume']]])(
    'refuses to guess which accounts are meant by %j',
    async (argv) => {
      const { code, stderr } = await plan(...argv);
      expect({ code, asked }).toEqual({ code: 1, asked: [] });
      expect(stderr).toMatch(
        /^orgkeeper: (Name one account, or a baseline|--(all|resume) is for plans of many)/,
      );
    },
  );
});
