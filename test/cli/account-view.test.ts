import { describe, expect, test } from '@jest/globals';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { type Control, RUNNING } from '../../shared/domain/control.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import { pass, record, status } from './support.ts';

const ID = '111111111111';
const NOW = new Date('2026-11-20T12:00:00.000Z');

function view(given: Partial<AccountRecord>, left?: Partial<AccountStatus>, control: Control = RUNNING) {
  return accountView({ record: record(ID, given), status: left && status(ID, left), control, now: NOW });
}

describe('the state of an account', () => {
  test.each<[string, Partial<AccountRecord>, Partial<AccountStatus> | undefined, string, boolean]>([
    ['without a run', {}, undefined, 'pending', false],
    [
      'that was never ready and waits',
      {},
      { ready: false, readySince: undefined as never, lastPass: pass({ result: 'waiting' }) },
      'pending',
      false,
    ],
    ['in its desired state', {}, {}, 'active', true],
    [
      'that was ready and waits',
      {},
      { ready: false, lastPass: pass({ result: 'waiting' }) },
      'active',
      false,
    ],
    [
      'that is observed and differs',
      { mode: 'observe' },
      { ready: false, lastPass: pass({ result: 'drifted' }) },
      'active',
      false,
    ],
    ['whose last run failed', {}, { ready: false, lastPass: pass({ result: 'failed' }) }, 'failed', false],
    ['whose desired state has changed since its last run', { generation: 2 }, {}, 'pending', false],
    ['that is paused and ready', { paused: true }, {}, 'paused', true],
    ['that existed before', { lifecycle: 'unmanaged' }, undefined, 'unmanaged', false],
    ['that left, whatever its last run found', { lifecycle: 'departed' }, {}, 'departed', false],
    ['that is retired', { lifecycle: 'retired' }, {}, 'retired', false],
    ['that is being retired', { lifecycle: 'retiring' }, {}, 'pending', false],
    [
      'from which everything is removed',
      { lifecycle: 'retiring' },
      { ready: false, retired: true },
      'retired',
      false,
    ],
    [
      'of which that was so before it was asked again',
      { lifecycle: 'retiring', generation: 2 },
      { retired: true },
      'pending',
      false,
    ],
    [
      'whose retirement is paused',
      { lifecycle: 'retiring', paused: true },
      { ready: false },
      'paused',
      false,
    ],
    [
      'whose retirement failed',
      { lifecycle: 'retiring' },
      { lastPass: pass({ result: 'failed' }) },
      'failed',
      false,
    ],
  ])('is derived for an account %s', (_, given, left, state, ready) => {
    expect(view(given, left)).toMatchObject({ state, ready });
  });

  test('is paused with its fleet or its baseline, and with no other baseline', () => {
    expect(view({}, {}, { fleetPaused: true, pausedBaselines: [] }).state).toBe('paused');
    expect(view({}, {}, { fleetPaused: false, pausedBaselines: ['analytics'] }).state).toBe('paused');
    expect(view({}, {}, { fleetPaused: false, pausedBaselines: ['other'] }).state).toBe('active');
  });
});

describe('a pause until a time', () => {
  const pause = { at: '2026-11-20T10:00:00.000Z', until: NOW.toISOString(), reason: 'their migration' };
  const before = new Date(NOW.getTime() - 1);
  const at = (now: Date, given: Partial<AccountRecord>, control: Control = RUNNING) =>
    accountView({ record: record(ID, given), status: status(ID), control, now });
  const fleet: Control = { fleetPaused: true, pausedBaselines: [], pauses: { fleet: pause } };
  const baseline: Control = {
    fleetPaused: false,
    pausedBaselines: ['analytics'],
    pauses: { baselines: { analytics: pause } },
  };

  test.each<[string, Partial<AccountRecord>, Control]>([
    ['account', { paused: true, pause }, RUNNING],
    ['fleet', {}, fleet],
    ['baseline', {}, baseline],
  ])('of the %s is over at that time, although nobody resumed it', (of, given, control) => {
    expect(at(before, given, control)).toMatchObject({ state: 'paused', pauses: [{ of, ...pause }] });
    expect(at(NOW, given, control).state).toBe('active');
    expect(at(NOW, given, control)).not.toHaveProperty('pauses');
  });

  test('does not end another pause of the same account', () => {
    const view = at(NOW, { paused: true, pause }, { fleetPaused: true, pausedBaselines: [] });
    expect(view).toMatchObject({ state: 'paused', pauses: [{ of: 'fleet' }] });
  });
});

test('the document of an account without runs has no keys without a value', () => {
  const { email: _, baseline: __, ...bare } = record(ID, { lifecycle: 'unmanaged' });
  expect(Object.keys(accountView({ record: bare, control: RUNNING, now: NOW }))).toEqual([
    'accountId',
    'name',
    'origin',
    'state',
    'mode',
    'ready',
    'conditions',
    'outputs',
  ]);
});

describe('the outputs of an account', () => {
  test('are those of resources, without the times', () => {
    const parameter = { 'parameter./a.madeAt': 'arn:aws:ssm:eu-west-1:111111111111:parameter/a.madeAt' };
    const things = { 'vpc.id': 'vpc-1', ...parameter };
    const { outputs } = view({}, { outputs: { ...things, 'madeAt.vpc.id': '2026-11-20T10:00:00.000Z' } });
    expect(outputs).toEqual(things);
  });

  test('are divided by region: those of the home region and global ones, then those of each other region', () => {
    const outputs = {
      'role.arn': 'arn:aws:iam::111111111111:role/orgkeeper-analysis',
      'vpc.id': 'vpc-home',
      'madeAt.vpc.id': '2026-01-01T00:00:00.000Z',
      'regions.us-west-2.vpc.id': 'vpc-west',
      'regions.us-west-2.madeAt.vpc.id': '2026-01-01T00:00:00.000Z',
      'regions.us-east-1.vpc.id': 'vpc-east',
    };
    const { outputs: home, regions } = view({}, { outputs });
    expect(home).toEqual({ 'role.arn': outputs['role.arn'], 'vpc.id': 'vpc-home' });
    expect(regions).toEqual({
      'us-east-1': { outputs: { 'vpc.id': 'vpc-east' } },
      'us-west-2': { outputs: { 'vpc.id': 'vpc-west' } },
    });
    expect(view({}, { outputs: { 'vpc.id': 'vpc-home' } })).not.toHaveProperty('regions');
  });
});
