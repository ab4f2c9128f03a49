import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Table } from '../../shared/aws/main-clients.ts';
import { getRecord, getStatus, getTrace } from '../../shared/store/accounts.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { onboardSince, startSweep } from '../../shared/store/controls.ts';
import { changeRateLimit } from '../../shared/store/creation-rate-limits.ts';
import { getCreation, requestOfCreation } from '../../shared/store/creations.ts';
import type { Item } from '../../shared/store/item.ts';
import { getRejection } from '../../shared/store/rejections.ts';
import { getPlan, getRollout } from '../../shared/store/rollouts.ts';
import { currentRules } from '../../shared/store/rules.ts';
import { accountHistory } from '../../shared/store/statuses.ts';
import { MEMBER } from './factories.ts';

/** Every kind of item, as the first version of Orgkeeper wrote it. Each must stay readable. */
export const items: readonly Item[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'items-of-version-1.json'), 'utf8'),
);

/** The recorded item with this partition key and a sort key that begins so. */
export const recordedAt = (pk: string, sk: string): Item =>
  items.find((item) => item.pk === pk && String(item.sk).startsWith(sk)) ?? {};

const account = `account#${MEMBER}`;

/** @throws UnreadableItem */
async function lineOfHistory(table: Table): Promise<unknown> {
  for await (const { items: lines, unreadable } of accountHistory(table, MEMBER, {}, 1)) {
    for (const problem of unreadable) throw problem;
    for (const { accountId: _, ...line } of lines) return line;
  }
  return undefined;
}

/** For each kind of item: its name, the beginning of its keys, and the function that reads it. */
export const sorts: readonly (readonly [
  string,
  [pk: string, sk: string],
  (table: Table) => Promise<unknown>,
])[] = [
  ['record of an account', [account, 'desired'], (table) => getRecord(table, MEMBER)],
  ['status of an account', [account, 'status'], (table) => getStatus(table, MEMBER)],
  ['line of history', [account, 'pass#'], lineOfHistory],
  [
    'block of addresses',
    [account, 'address'],
    (table) =>
      addressBook(table)
        .heldBy(MEMBER)
        .then(({ blocks: [block] }) => block),
  ],
  ['list of pools', ['control', 'address-pools'], (table) => addressBook(table).pools()],
  ['baseline', ['baseline#analytics', 'version#'], (table) => getBaseline(table, 'analytics', 1)],
  ['set of rules', ['rules', 'version#'], (table) => currentRules(table)],
  [
    'request for an account',
    ['creation-request#ticket-4711', 'request'],
    (table) => getCreation(table, 'ticket-4711'),
  ],
  [
    'sweep',
    ['sweep#event-2', 'progress'],
    (table) => startSweep(table, { sweepId: 'event-2', accounts: 1, startedAt: '' }),
  ],
  [
    'rate limit of creations',
    ['control', 'creations'],
    (table) => changeRateLimit(table, (limit) => ({ limit, result: limit })),
  ],
  ['roll-out', ['rollout#analytics-4-3fa9c1', 'rollout'], (table) => getRollout(table, 'analytics-4-3fa9c1')],
  [
    'list of the accounts of a roll-out',
    ['rollout#analytics-4-3fa9c1', 'plan#'],
    (table) => getPlan(table, 'analytics-4-3fa9c1', 'forth').then((waves) => ({ waves })),
  ],
  ['trace of a forgotten account', [account, 'forgotten'], (table) => getTrace(table, MEMBER)],
  [
    'link of a creation',
    ['creation#car-1', 'request'],
    (table) => requestOfCreation(table, 'car-1').then((key) => ({ key })),
  ],
  [
    'time of onboarding',
    ['control', 'onboard'],
    (table) => onboardSince(table, new Date()).then((since) => ({ since })),
  ],
  ['rejection', ['rejection#event-3', 'rejection'], (table) => getRejection(table, 'event-3')],
];
