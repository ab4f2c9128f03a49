import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { accountFilter } from '../../cli/account-filter.ts';
import { startCsv } from '../../cli/csv.ts';
import { age, cut } from '../../cli/terminal.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import type { Condition } from '../../shared/domain/status.ts';
import type { ListedAccount } from '../../shared/store/listed-accounts.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';

const unmet = (type: string, reason: string): Condition => ({
  ...{ type, reason, status: 'False', message: '', changedAt: '' },
});

function listed(
  record: Parameters<typeof aRecord>[0] = {},
  status: Parameters<typeof aStatus>[0] = {},
): ListedAccount {
  const desired = aRecord(record);
  const control = { fleetPaused: false, pausedBaselines: [] };
  return {
    view: accountView({ record: desired, status: aStatus(status), control, now: new Date() }),
    record: desired,
  };
}

const fine = listed({ name: 'fine', unit: 'ou-1', tags: { costCenter: '42', 'a=b': 'c' } });
const broken = listed(
  { name: 'broken', baseline: { name: 'lake', version: 2 } },
  {
    ready: false,
    lastPass: aPass({ result: 'failed' }),
    conditions: [unmet('Network', 'InUse'), unmet('Roles', 'AccessDenied')],
  },
);
const unreadable: ListedAccount = {
  view: { ...fine.view, state: 'failed', ready: false, conditions: [unmet('Items', 'UnreadableItem')] },
};

describe('a filter of accounts', () => {
  it.each([
    [{}, [fine, broken, unreadable]],
    [{ notReady: true }, [broken, unreadable]],
    [{ state: 'failed' }, [broken, unreadable]],
    [{ baseline: 'lake' }, [broken]],
    [{ baseline: 'lake@2' }, [broken]],
    [{ baseline: 'lake@1' }, []],
    [{ ou: 'ou-1' }, [fine]],
    [{ tag: 'costCenter' }, [fine]],
    [{ tag: 'costCenter=42' }, [fine]],
    [{ tag: 'costCenter=4' }, []],
    [{ tag: 'constructor' }, []],
    [{ reason: 'InUse' }, [broken]],
    [{ reason: 'UnreadableItem' }, [unreadable]],
    [{ kind: 'network' }, [broken]],
    [{ kind: 'network', reason: 'InUse' }, [broken]],
    [{ kind: 'network', reason: 'AccessDenied' }, []],
    [{ state: 'failed', baseline: 'lake', reason: 'AccessDenied' }, [broken]],
  ])('%j lists the accounts that meet all of it', (filters, expected) => {
    expect([fine, broken, unreadable].filter(accountFilter(filters))).toEqual(expected);
  });

  it('refuses a text that is not a baseline', () => {
    expect(() => accountFilter({ baseline: 'lake@0' })).toThrow("'lake@0' is not a baseline");
  });
});

describe('an age', () => {
  const now = new Date('2026-01-10T00:00:00Z');
  it.each([
    ['2026-01-10T00:00:05Z', '0s'],
    ['2026-01-09T23:59:01Z', '59s'],
    ['2026-01-09T23:00:01Z', '59m'],
    ['2026-01-08T01:00:00Z', '47h'],
    ['2026-01-01T00:00:00Z', '9d'],
    [undefined, '–'],
  ])('of %s is %s', (iso, text) => {
    expect(age(iso, now)).toBe(text);
  });
});

describe('a name', () => {
  const { isTTY } = process.stdout;
  afterEach(() => void Object.assign(process.stdout, { isTTY }));

  it('is cut by characters, with an ellipsis, on a terminal only', () => {
    Object.assign(process.stdout, { isTTY: true });
    expect([cut('genomics', 8), cut('genomics', 7), cut('🧬🧬🧬', 2)]).toEqual([
      'genomics',
      'genomi…',
      '🧬…',
    ]);
    Object.assign(process.stdout, { isTTY: false });
    expect(cut('genomics', 7)).toBe('genomics');
  });
});

describe('a CSV file', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('quotes values if necessary, and has no formula and no control characters', () => {
    let written = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
    startCsv(['a', 'b'])([
      ['x, "y"', '=HYPERLINK("https://evil.example")'],
      ['+1', '@SUM(A1)'],
      ['\u001b[31m', 'two\nlines'],
    ]);
    expect(written).toBe(
      'a,b\n"x, ""y""","\'=HYPERLINK(""https://evil.example"")"\n\'+1,\'@SUM(A1)\n\\u001b[31m,"two\nlines"\n',
    );
  });
});
