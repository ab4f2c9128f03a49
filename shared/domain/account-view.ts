import type { AccountRecord, BaselineReference, Origin } from './account.ts';
import type { Cause } from './cause.ts';
import { type AppliedPause, type Control, pausesOf } from './control.ts';
import type { UnreadableItem } from './errors.ts';
import { cell } from './escape.ts';
import { type ExceptionView, exceptionViews } from './exceptions.ts';
import { withoutTimes } from './made-at.ts';
import { maskDifferences } from './secrets.ts';
import {
  type AccountStatus,
  type Condition,
  type Difference,
  obstacles,
  type PassResult,
  saw,
} from './status.ts';
import { GLOBAL, outputsOf, splitOutputKey } from './unit.ts';
import { time } from './words.ts';

/**
 * The state of an account in a word. `pending`: desired state has not been reached since its last change. `failed`: the last
 * run failed, and the conditions say why. `paused`: somebody has paused writes to it.
 */
export type AccountState = 'unmanaged' | 'pending' | 'active' | 'paused' | 'failed' | 'retired' | 'departed';

/** One account as users and scripts see it: the public document of `account ID --json`. */
export interface AccountView {
  readonly accountId: string;
  readonly name: string;
  readonly email?: string;
  /** Absent, like `mode`, where the account's record cannot be read. */
  readonly origin?: Origin;
  readonly state: AccountState;
  /** Why writes to it are paused; absent if they are not. */
  readonly pauses?: readonly AppliedPause[];
  readonly mode?: 'enforce' | 'observe';
  /** Absent while unmanaged. */
  readonly baseline?: BaselineReference;
  /** True if everything was as it is desired now at the end of the last run. */
  readonly ready: boolean;
  readonly conditions: readonly Condition[];
  /** Outputs of the home region and of global kinds. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Outputs of each other region; absent for an account with one region. */
  readonly regions?: Readonly<Record<string, RegionView>>;
  /** What the account exports to others, by name; absent if nothing. */
  readonly exports?: Readonly<Record<string, string>>;
  /** The exports of other accounts that this one imports; absent if there are none. */
  readonly imports?: readonly string[];
  /** Differences that are left for a time, those that ended within a day included; absent if there are none. */
  readonly exceptions?: readonly ExceptionView[];
  /** What the last run left because of these, each with `exceptedUntil`; absent if nothing. */
  readonly excepted?: readonly Difference[];
  /** Absent until the first run has ended. */
  readonly lastPass?: PassView;
}

/** A region other than the home region. */
interface RegionView {
  readonly outputs: Readonly<Record<string, string>>;
}

interface PassView {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly cause: Cause;
  readonly result: PassResult;
  readonly calls: { readonly reads: number; readonly writes: number };
  readonly differences: readonly Difference[];
  readonly differencesOmitted?: number;
}

/** The record of an account, the status that its last run saved, and what is paused. */
export interface AccountParts {
  readonly record: AccountRecord;
  readonly status?: AccountStatus | undefined;
  readonly control: Control;
  /** The time at which a pause may be over. */
  readonly now: Date;
}

/** Whether ExternalIds are shown whole or masked. */
export type Secrets = 'masked' | 'shown';

/** The public document of an account, with its keys in the documented order. Pure. */
export function accountView(
  { record, status, control, now }: AccountParts,
  secrets: Secrets = 'masked',
): AccountView {
  const { accountId, name, email, origin, mode, baseline } = record;
  const pauses = isLeft(record) ? [] : pausesOf(record, control, now);
  return {
    accountId,
    name,
    ...(email !== undefined && { email }),
    origin,
    state: stateOf({ record, status }, pauses.length > 0),
    ...(pauses.length > 0 && { pauses }),
    mode,
    ...(baseline && { baseline: { name: baseline.name, version: baseline.version } }),
    ready: record.lifecycle === 'managed' && saw(status, record) && status?.ready === true,
    conditions: status?.conditions ?? [],
    ...outputsByRegion(status?.outputs ?? {}),
    ...(status?.exports && { exports: status.exports }),
    ...(status?.imports && { imports: status.imports }),
    ...(record.exceptions && { exceptions: exceptionViews(record, status, now) }),
    ...(status?.excepted && { excepted: shownDifferences(status.excepted, record, secrets) }),
    ...(status?.lastPass && { lastPass: passView(status.lastPass, record, secrets) }),
  };
}

/**
 * The public document of an account with an unreadable item, which is its only condition. Pure.
 * @param record absent if the unreadable item is the record itself
 */
export function unreadableView(
  item: UnreadableItem,
  { accountId, record, now }: { accountId: string; record?: AccountRecord | undefined; now: Date },
): AccountView {
  const { email, origin, mode, baseline } = record ?? {};
  const message = `${item.message} ${item.remedy}`;
  const changedAt = now.toISOString();
  return {
    accountId,
    name: record?.name ?? accountId,
    ...(email !== undefined && { email }),
    ...(origin && { origin }),
    state: 'failed',
    ...(mode && { mode }),
    ...(baseline && { baseline: { name: baseline.name, version: baseline.version } }),
    ready: false,
    conditions: [{ type: 'Items', status: 'False', reason: item.reason, message, changedAt }],
    outputs: {},
  };
}

/** Splits the outputs: those of the home region and global ones, and those of each other region. */
function outputsByRegion(all: AccountStatus['outputs']): Pick<AccountView, 'outputs' | 'regions'> {
  const elsewhere = Object.keys(all).flatMap((key) => splitOutputKey(key)?.region ?? []);
  const outputs = (region: string) => withoutTimes(outputsOf(all, region, GLOBAL));
  const regions = [...new Set(elsewhere)].toSorted().map((region) => [region, { outputs: outputs(region) }]);
  return { outputs: outputs(GLOBAL), ...(regions.length > 0 && { regions: Object.fromEntries(regions) }) };
}

function passView(
  pass: NonNullable<AccountStatus['lastPass']>,
  { externalId }: AccountRecord,
  secrets: Secrets,
): PassView {
  const { id, startedAt, finishedAt, cause, result, calls, differencesOmitted } = pass;
  const differences = shownDifferences(pass.differences, { externalId }, secrets);
  return {
    ...{ id, startedAt, finishedAt, cause, result, calls, differences },
    ...(differencesOmitted !== undefined && { differencesOmitted }),
  };
}

function shownDifferences(
  differences: readonly Difference[],
  { externalId }: Pick<AccountRecord, 'externalId'>,
  secrets: Secrets,
): readonly Difference[] {
  return secrets === 'shown' ? differences : maskDifferences(differences, externalId);
}

/** True for an account that no run enters. */
function isLeft({ lifecycle }: AccountRecord): boolean {
  return lifecycle === 'unmanaged' || lifecycle === 'departed' || lifecycle === 'retired';
}

function stateOf({ record, status }: Pick<AccountParts, 'record' | 'status'>, paused: boolean): AccountState {
  switch (record.lifecycle) {
    case 'unmanaged':
    case 'departed':
    case 'retired':
      return record.lifecycle;
    case 'retiring':
      if (!saw(status, record)) return paused ? 'paused' : 'pending';
      if (status?.retired) return 'retired';
      if (paused) return 'paused';
      return status?.lastPass?.result === 'failed' ? 'failed' : 'pending';
    case 'managed':
      if (paused) return 'paused';
      if (!saw(status, record)) return 'pending';
      if (status?.lastPass?.result === 'failed') return 'failed';
      return status?.readySince || status?.lastPass?.result === 'drifted' ? 'active' : 'pending';
  }
}

/** True unless an account is not managed yet, or no longer. Pure. */
export function isManaged({ state }: Pick<AccountView, 'state'>): boolean {
  return !['unmanaged', 'retired', 'departed'].includes(state);
}

/** True if an account is managed and not ready. Pure. */
export function isMissing(view: Pick<AccountView, 'state' | 'ready'>): boolean {
  return !view.ready && isManaged(view);
}

/** Why it is paused; else `Network InUse`: the most important condition that is not met, of a managed account; else empty. Pure. */
export function reasonOf(view: AccountView): string {
  const [pause] = view.pauses ?? [];
  if (view.state === 'paused' && pause) {
    const until = pause.until === undefined ? '' : ` until ${time(pause.until)}`;
    return cell(`${pause.of} paused${until}${pause.reason === undefined ? '' : `: ${pause.reason}`}`);
  }
  const [first] = isMissing(view) ? obstacles(view.conditions) : [];
  return first ? `${first.type} ${first.reason}` : '';
}
