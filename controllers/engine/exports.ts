import type { Main, Table } from '../../shared/aws/main-clients.ts';
import { sendWork } from '../../shared/aws/queue.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import {
  type Imports,
  importsIn,
  NAMES_TO_EXPORT,
  whyNotExported,
  withImports,
} from '../../shared/domain/imports.ts';
import { interpolate, type Lookup, namesIn } from '../../shared/domain/interpolate.ts';
import type { AccountStatus } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { changedNames, exportWrites, ownExports, readExports } from '../../shared/store/exports.ts';
import { importerDeletes, importersOf, noteImporter } from '../../shared/store/importers.ts';
import { clearOutbox, saveLeft } from '../../shared/store/statuses.ts';
import type { TransactWrites } from '../../shared/store/table.ts';
import { keyOfName } from '../kinds/graph.ts';
import { WAITING_FOR_OUTPUTS } from '../kinds/kind.ts';
import { type ManagedState, namesOf } from './desired-state.ts';
import type { Finding, ManagedKind, Run } from './model.ts';

/**
 * What accounts need of each other. A run writes into its own account only: it exports facts with its status, and the accounts that
 * import them are sent a work message when a value changes. Nothing is sent for a value that stays the same, so that accounts which
 * import from each other come to rest.
 */

/** Desired state with the values of its imports, and their names. */
interface Filled extends ManagedState {
  readonly imports: readonly string[];
}

/**
 * Fills the values that other accounts export into the sections. An account is noted as an importer before it reads, even if its
 * status says that it is: somebody may have deleted the item. An exporter that saves meanwhile either is seen, or sees the importer
 * and sends it a message. A retiring account imports nothing.
 * @returns an error if an export cannot be read: then the run leaves everything as it is
 */
export async function fillImports(
  desired: ManagedState,
  { record }: Pick<Run, 'record'>,
  table: Table,
): Promise<Filled | { readonly error: UnreadableItem }> {
  const imports = record.lifecycle === 'retiring' ? [] : importsOf(desired.managed);
  if (imports.length === 0) return { ...desired, imports };
  await noteImporter(table, record.accountId, imports);
  try {
    const values = await readExports(table, imports);
    return { ...desired, managed: withValues(desired.managed, values), imports };
  } catch (error) {
    if (error instanceof UnreadableItem) return { error };
    throw error;
  }
}

/** The exports that sections import, sorted. Pure. */
export function importsOf(managed: readonly ManagedKind[]): string[] {
  return importsIn(managed.map(({ section }) => section));
}

/** The sections with each import replaced by its values. Pure. */
export function withValues(managed: readonly ManagedKind[], values: Imports): ManagedKind[] {
  return managed.map(({ kind, section }) => ({ kind, section: withImports(section, values) }));
}

/** What an account exports, and the condition `Exports` if something that it should export has no value or must not be exported. */
interface Exported {
  readonly exports: Readonly<Record<string, string>>;
  readonly finding?: Finding;
}

/**
 * What an account exports with the outputs that are known at the end of a run. A text with an output that is not known is not
 * exported; neither is a value that `whyNotExported` refuses. Pure.
 */
export function exportsOf(
  texts: Readonly<Record<string, string>>,
  { record, place }: Pick<Run, 'record' | 'place'>,
): Exported {
  const names = namesOf(record, place.config, place.outputs, place.site);
  const { managed = [], home = '' } = place.site ?? {};
  const lookup: Lookup = (name) => {
    const isOutput = keyOfName(name, { kind: '', region: home }, managed, home) !== undefined;
    return isOutput || NAMES_TO_EXPORT.includes(name) ? names(name) : undefined;
  };
  const exports: Record<string, string> = {};
  const refused: string[] = [];
  const waiting: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const unknown = namesIn(text).filter((each) => lookup(each) === undefined);
    const value = interpolate(text, lookup);
    const why = unknown.length > 0 ? undefined : whyNotExported(value, record.accountId);
    if (unknown.length > 0) waiting.push(`${name} (${unknown.map((each) => `\${${each}}`).join(', ')})`);
    else if (why !== undefined) refused.push(`${name}: ${why}.`);
    else exports[name] = value;
  }
  const finding = notExported(refused, waiting);
  return { exports, ...(finding && { finding }) };
}

function notExported(refused: readonly string[], waiting: readonly string[]): Finding | undefined {
  const condition = { type: 'Exports', status: 'False' } as const;
  if (refused.length > 0) {
    const message = `Not exported: ${refused.join(' ')} Change the exports of the baseline.`;
    return { ...condition, reason: 'NotExportable', message };
  }
  if (waiting.length === 0) return undefined;
  const message = `Not exported until there is an output: ${waiting.join(', ')}. The other conditions say what is missing.`;
  return { ...condition, reason: WAITING_FOR_OUTPUTS, message };
}

/** The parts of a status about other accounts. */
type Exchanged = Pick<AccountStatus, 'exports' | 'imports' | 'waking'>;

/**
 * What the status of an account says of its exports and imports, and the writes that belong into the transaction with it: there are
 * none if nothing changed. An item that somebody deleted or edited is put back, and wakes the importers like a changed value.
 */
export async function exchange(
  table: Table,
  { accountId, exports: was = {}, imports: noted = [], waking: owed = [] }: Exchanged & { accountId: string },
  { exports, imports }: Required<Pick<Exchanged, 'exports' | 'imports'>>,
): Promise<{ readonly status: Exchanged; readonly also: TransactWrites }> {
  const names = [...new Set([...Object.keys(was), ...Object.keys(exports)])];
  const there = await ownExports(table, accountId, names, was);
  const changed = [...changedNames(was, exports), ...changedNames(there, exports)];
  const waking = [...new Set([...owed, ...changed])].sort();
  const dropped = noted.filter((name) => !imports.includes(name));
  return {
    status: {
      ...(Object.keys(exports).length > 0 && { exports }),
      ...(imports.length > 0 && { imports }),
      ...(waking.length > 0 && { waking }),
    },
    also: [...exportWrites(table, accountId, there, exports), ...importerDeletes(table, accountId, dropped)],
  };
}

/**
 * Sends a work message to every account that imports an export whose value has changed. Safe to repeat.
 * @param by the message of the run that changed it
 */
export async function wakeImporters(
  { accountId, version, waking = [] }: AccountStatus,
  { main, now }: { readonly main: Main; readonly now: () => Date },
  by: Pick<WorkMessage, 'sweepId' | 'exportedInSweep'> = {},
): Promise<void> {
  if (waking.length === 0) return;
  const cause = { source: OUR_SOURCE, detailType: 'Export', id: `export:${accountId}@${version}` };
  const importers = await importersOf(main.table, waking);
  const sweepId = by.sweepId ?? by.exportedInSweep;
  const more = { cause, requestedAt: now().toISOString(), ...(sweepId && { exportedInSweep: sweepId }) };
  await sendWork(
    main.work,
    importers.map((importer) => ({ accountId: importer, ...more })),
  );
}

/**
 * Takes back what an account exports that runs no longer enter: it was retired, or has left. Wakes the importers; safe to repeat.
 * @returns the status as it is then
 * @throws Conflict if a run is still at work
 */
export async function takeBackExports(
  before: AccountStatus,
  deps: { readonly main: Main; readonly now: () => Date },
): Promise<AccountStatus> {
  const { table } = deps.main;
  const { exports, imports, waking, ...rest } = before;
  if (!exports && !imports && !waking) return before;
  const { status, also } = await exchange(table, before, { exports: {}, imports: [] });
  const { dueAt: _, ...left } = rest;
  const saved = { ...left, ...status, version: before.version + 1 };
  await saveLeft(table, saved, { now: deps.now(), also });
  await wakeImporters(saved, deps);
  await clearOutbox(table, saved, ['waking']);
  return saved;
}
