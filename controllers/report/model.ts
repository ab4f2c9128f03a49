import type { BaselineReference } from '../../shared/domain/account.ts';
import { type AccountState, isManaged, isMissing, reasonOf } from '../../shared/domain/account-view.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { type Control, fleetPause, type Sweep } from '../../shared/domain/control.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import type { ExceptionView } from '../../shared/domain/exceptions.ts';
import type { Pause } from '../../shared/domain/pause.ts';
import { isOpen, type Rollout } from '../../shared/domain/rollout.ts';
import { type RolloutSummary, rolloutSummary } from '../../shared/domain/rollout-summary.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import {
  type Difference,
  obstacles,
  type PassRecord,
  type PassResult,
  typeOf,
} from '../../shared/domain/status.ts';
import { type SweepView, sweepView } from '../../shared/domain/sweep-view.ts';
import type { ListedAccount } from '../../shared/store/listed-accounts.ts';
import type { RecordedRejection } from '../../shared/store/rejections.ts';
import type { FleetPass } from '../../shared/store/statuses.ts';

/** Days of the chart of differences. */
const CHART_DAYS = 30;
const DAY_MS = 86_400_000;

/** The state of the fleet, and what happened since a time: the document of `report --format json`. */
export interface FleetReport {
  readonly madeAt: string;
  /** Start of the time of which `runs`, `sweeps` and `rejected` tell. */
  readonly since: string;
  readonly fleetPaused: boolean;
  /** Who paused it, when, why and until when, as far as that is known; absent if it is not paused. */
  readonly fleetPause?: Partial<Pause>;
  readonly counts: Counts;
  /** Why managed accounts are not ready, the most frequent reason first; each account once. */
  readonly reasons: readonly ReasonGroup[];
  readonly baselines: readonly BaselineSpread[];
  readonly chart: Chart;
  /** Runs that changed or found something, newest first. */
  readonly runs: readonly ReportedRun[];
  readonly sweeps: readonly SweepView[];
  /** Those that have not ended, and those that changed since the time; newest first. */
  readonly rollouts: readonly RolloutSummary[];
  /** Those that hold; the first to end first. */
  readonly exceptions: readonly ExceptionView[];
  readonly rejected: readonly RecordedRejection[];
  /** Items of the table that cannot be read, so that the report lacks what they say; accounts are among the accounts. */
  readonly unreadable: readonly UnreadEntry[];
  /** Every account: those that are not ready first, then by id. */
  readonly accounts: readonly ReportedAccount[];
}

interface UnreadEntry {
  /** Its key: `pk / sk`. */
  readonly item: string;
  /** What is wrong with it, and the remedy. */
  readonly message: string;
}

interface Counts {
  readonly accounts: number;
  readonly managed: number;
  readonly ready: number;
  readonly notReady: number;
  /** Accounts that a run of the time has corrected. */
  readonly corrected: number;
  /** Accounts whose last run left differences. */
  readonly drifted: number;
  readonly states: Readonly<Record<string, number>>;
}

export interface ReasonGroup {
  /** `Network InUse`, as in the column REASON of `accounts`. */
  readonly reason: string;
  readonly accountIds: readonly string[];
  /** What the conditions say, with the remedy: the most frequent first, at most three. */
  readonly messages: readonly string[];
}

interface BaselineSpread {
  readonly name: string;
  readonly version: number;
  readonly accounts: number;
  readonly ready: number;
  /** No account has a later version of it. */
  readonly isNewest: boolean;
}

/** How many accounts had differences, by kind, on each of the last days (UTC); an account counts once a kind and day. */
interface Chart {
  readonly kinds: readonly string[];
  readonly days: readonly { readonly day: string; readonly counts: readonly number[] }[];
}

export interface ReportedRun {
  readonly at: string;
  readonly accountId: string;
  readonly name: string;
  readonly result: PassResult;
  readonly baseline: string;
  /** The event that caused the run. */
  readonly cause: FleetPass['cause'];
  readonly differences: readonly Difference[];
  readonly differencesOmitted?: number;
}

export interface ReportedAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly state: AccountState;
  readonly ready: boolean;
  readonly baseline: string;
  readonly mode: string;
  readonly organizationalUnit: string;
  /** As in `ReasonGroup`; empty if there is none. */
  readonly reason: string;
  readonly lastResult: string;
  readonly lastRun: string;
  /** The conditions that are not met. */
  readonly conditions: readonly {
    readonly type: string;
    readonly reason: string;
    readonly message: string;
    readonly changedAt: string;
  }[];
  /** Of the last run. */
  readonly differences: readonly Difference[];
  readonly differencesOmitted?: number;
}

/** What a report needs of an account: a small part of what is stored of it. */
export interface SeenAccount {
  readonly shown: ReportedAccount;
  readonly baseline?: BaselineReference;
  /** When the account was first ready; absent until then. */
  readonly readySince?: string;
  readonly externalId?: string;
  /** Those that hold; absent if there are none. */
  readonly exceptions?: readonly ExceptionView[];
}

/** Which accounts had differences of which kind on which day: by day (UTC), each kind with its accounts' ids. */
export type DifferingByDay = Map<string, Map<string, Set<string>>>;

/** What was read for a report. */
export interface ReportParts {
  readonly accounts: readonly SeenAccount[];
  /** The fleet's history since the time, newest first. */
  readonly passes: readonly FleetPass[];
  /** What the chart shows, of the fleet's history of the last 30 days. */
  readonly differing: DifferingByDay;
  readonly unreadable: readonly UnreadableItem[];
  readonly sweeps: readonly Sweep[];
  readonly rollouts: readonly Rollout[];
  readonly rejected: readonly RecordedRejection[];
  readonly control: Control;
  readonly since: string;
  readonly now: Date;
}

/** Makes the report of what was read. ExternalIds are masked. Pure. */
export function makeReport(parts: ReportParts): FleetReport {
  const { passes, sweeps, rollouts, rejected, control, since, now } = parts;
  const accounts = parts.accounts
    .map(({ shown }) => shown)
    .toSorted((a, b) => Number(isMissing(b)) - Number(isMissing(a)) || order(a.accountId, b.accountId));
  const byId = new Map(parts.accounts.map((one) => [one.shown.accountId, one]));
  const runs = passes
    .filter(({ startedAt }) => startedAt >= since)
    .map((pass) => reportedRun(pass, byId.get(pass.accountId)));
  const states: Record<string, number> = {};
  for (const { state } of accounts) states[state] = (states[state] ?? 0) + 1;
  const pause = fleetPause(control, now);
  const corrected = runs.filter(({ differences }) => differences.some(({ action }) => action !== 'reported'));
  return {
    ...{ madeAt: now.toISOString(), since, fleetPaused: pause !== undefined },
    ...(pause && { fleetPause: pause }),
    counts: {
      accounts: accounts.length,
      managed: accounts.filter(isManaged).length,
      ready: accounts.filter(({ ready }) => ready).length,
      notReady: accounts.filter(isMissing).length,
      corrected: new Set(corrected.map(({ accountId }) => accountId)).size,
      drifted: accounts.filter(({ lastResult }) => lastResult === 'drifted').length,
      states,
    },
    reasons: reasonsOf(accounts),
    baselines: spreadOf(parts.accounts),
    chart: chartOf(parts.differing, now),
    runs,
    sweeps: sweeps.map(sweepView),
    rollouts: rollouts
      .filter((rollout) => isOpen(rollout) || rollout.changedAt >= since)
      .toSorted((a, b) => order(b.startedAt, a.startedAt))
      .map(rolloutSummary),
    exceptions: parts.accounts
      .flatMap((one) => one.exceptions ?? [])
      .toSorted((a, b) => order(a.until, b.until) || order(a.accountId, b.accountId)),
    rejected,
    unreadable: [...(control.unreadable ? [control.unreadable] : []), ...parts.unreadable].map(
      ({ pk, sk, message, remedy }) => ({ item: `${pk} / ${sk}`, message: `${message} ${remedy}` }),
    ),
    accounts,
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Picks of an account what a report needs. Pure. */
export function seen({ view, record, readySince }: ListedAccount): SeenAccount {
  const { accountId, name, email = '', state, ready, baseline, mode = '', lastPass } = view;
  const { externalId } = record ?? {};
  const exceptions = (view.exceptions ?? []).filter((one) => one.state === 'live');
  const shown: ReportedAccount = {
    ...{ accountId, name, email, state, ready, mode },
    baseline: baseline ? formatBaseline(baseline) : '',
    organizationalUnit: record?.unit ?? '',
    reason: groupOf(view),
    lastResult: lastPass?.result ?? '',
    lastRun: lastPass?.finishedAt ?? '',
    conditions: obstacles(view.conditions).map(({ reason, message, changedAt, ...condition }) => ({
      ...{ type: typeOf(condition), reason, message, changedAt },
    })),
    differences: lastPass?.differences ?? [],
    ...omittedOf(lastPass),
  };
  return {
    shown,
    ...(baseline && { baseline }),
    ...(readySince !== undefined && { readySince }),
    ...(externalId !== undefined && { externalId }),
    ...(exceptions.length > 0 && { exceptions }),
  };
}

function reportedRun(pass: FleetPass, account: SeenAccount | undefined): ReportedRun {
  const { accountId, startedAt: at, result, baseline, cause, differences } = pass;
  return {
    ...{ at, accountId, name: account?.shown.name ?? '', result, cause },
    baseline: formatBaseline(baseline),
    differences: maskDifferences(differences, account?.externalId),
    ...omittedOf(pass),
  };
}

function omittedOf(pass: Pick<PassRecord, 'differencesOmitted'> | undefined) {
  return pass?.differencesOmitted === undefined ? {} : { differencesOmitted: pass.differencesOmitted };
}

/** Why an account is not ready: one reason, also for one whose conditions do not say. */
function groupOf(view: ListedAccount['view']): string {
  if (!isMissing(view)) return '';
  return reasonOf(view) || (view.lastPass ? `State ${view.state}` : 'NoRunYet');
}

const MOST_MESSAGES = 3;

interface OpenGroup {
  readonly accountIds: string[];
  /** How often each message was said. */
  readonly messages: Map<string, number>;
}

function reasonsOf(accounts: readonly ReportedAccount[]): ReasonGroup[] {
  const groups = new Map<string, OpenGroup>();
  for (const { accountId, reason, conditions } of accounts) {
    if (reason === '') continue;
    const group: OpenGroup = groups.get(reason) ?? { accountIds: [], messages: new Map() };
    groups.set(reason, group);
    group.accountIds.push(accountId);
    const message = conditions[0]?.message.replaceAll(accountId, 'ID');
    if (message !== undefined) group.messages.set(message, (group.messages.get(message) ?? 0) + 1);
  }
  return [...groups]
    .map(([reason, { accountIds, messages }]) => ({
      reason,
      accountIds: accountIds.toSorted(order),
      messages: [...messages]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, MOST_MESSAGES)
        .map(([message]) => message),
    }))
    .toSorted((a, b) => b.accountIds.length - a.accountIds.length || order(a.reason, b.reason));
}

function spreadOf(accounts: readonly SeenAccount[]): BaselineSpread[] {
  const found = new Map<string, { name: string; version: number; accounts: number; ready: number }>();
  for (const { baseline, shown } of accounts) {
    if (!baseline || !isManaged(shown)) continue;
    const key = formatBaseline(baseline);
    const one = found.get(key) ?? { ...baseline, accounts: 0, ready: 0 };
    found.set(key, { ...one, accounts: one.accounts + 1, ready: one.ready + (shown.ready ? 1 : 0) });
  }
  const all = [...found.values()];
  return all
    .map((one) => ({
      ...one,
      isNewest: all.every(({ name, version }) => name !== one.name || version <= one.version),
    }))
    .toSorted((a, b) => order(a.name, b.name) || b.version - a.version);
}

/**
 * Notes a run for the chart. A run that brought its account to its desired state for the first time is left out: its account was
 * first ready after it, or is not yet.
 */
export function noteDiffering(
  differing: DifferingByDay,
  { accountId, startedAt, differences }: Pick<FleetPass, 'accountId' | 'startedAt' | 'differences'>,
  readySince: string | undefined,
): void {
  if (readySince === undefined || startedAt < readySince) return;
  const day = startedAt.slice(0, 10);
  const kinds = differing.get(day) ?? new Map<string, Set<string>>();
  differing.set(day, kinds);
  for (const { kind } of differences) {
    const accounts = kinds.get(kind) ?? new Set();
    kinds.set(kind, accounts.add(accountId));
  }
}

/** The first day of a chart that is made now: an ISO time. Pure. */
export function chartFrom(now: Date): string {
  return new Date(now.getTime() - CHART_DAYS * DAY_MS).toISOString();
}

function chartOf(differing: DifferingByDay, now: Date): Chart {
  const days = Array.from({ length: CHART_DAYS }, (_, back) =>
    new Date(now.getTime() - (CHART_DAYS - 1 - back) * DAY_MS).toISOString().slice(0, 10),
  );
  const kinds = [...new Set(days.flatMap((day) => [...(differing.get(day)?.keys() ?? [])]))].toSorted(order);
  return {
    kinds,
    days: days.map((day) => ({
      day,
      counts: kinds.map((kind) => differing.get(day)?.get(kind)?.size ?? 0),
    })),
  };
}
