import { randomUUID } from 'node:crypto';
import { kinds } from '../controllers/kinds/index.ts';
import type { KindOutcome } from '../controllers/reconcile/kind-outcome.ts';
import { planAccount } from '../controllers/reconcile/plan.ts';
import { createAccess } from '../shared/access.ts';
import type { AccountRecord } from '../shared/account.ts';
import { type BaselineDocument, formatBaseline } from '../shared/baseline.ts';
import type { Difference } from '../shared/status.ts';
import { getBaseline } from '../shared/store/baselines.ts';
import type { Table } from '../shared/store/table.ts';
import { assumeApiRole } from './api-role.ts';
import { connect } from './context.ts';
import { explain, Failure } from './failure.ts';
import { findAccount, readAccountId } from './fleet.ts';
import { cell, print, printDifferences, printJson, printTable, say } from './output.ts';
import { validFile } from './publish-baseline.ts';
import { counted } from './words.ts';

/** What `plan` was given. */
export interface PlanOptions {
  /** A file to plan with, instead of the baseline assigned. */
  readonly baseline?: string;
  readonly json?: boolean;
}

/** What `plan ID --json` prints. */
export interface PlanDocument {
  readonly accountId: string;
  readonly baseline: { readonly name: string; readonly version?: number };
  /** What a pass would write, and what it would only report. */
  readonly differences: readonly Difference[];
  /** Kinds that a pass could not bring there now. */
  readonly obstacles: readonly Obstacle[];
}

interface Obstacle {
  readonly kind: string;
  readonly state: 'blocked' | 'settling' | 'failed';
  readonly message: string;
}

/**
 * `plan`: exit code 2 when something differs; what others added is shown and counts for nothing, since it stays.
 * @throws Failure when a kind could not be looked at
 */
export async function plan(id: string, options: PlanOptions): Promise<void> {
  const accountId = readAccountId(id);
  const file = options.baseline === undefined ? undefined : await validFile(options.baseline);
  const { config, table } = await connect();
  const { record, status } = await findAccount(table, accountId);
  if (record.lifecycle !== 'managed') {
    throw new Failure(
      `Account ${accountId} is ${record.lifecycle}, and only accounts that are kept are entered: register it.`,
    );
  }
  const baseline: BaselineDocument = file
    ? { ...file.baseline, schemaVersion: 1, version: 0, text: file.text, publishedAt: '' }
    : await assigned(table, record);
  const access = createAccess({ config, credentials: await assumeApiRole(config, `plan-${randomUUID()}`) });
  const outcomes = await planAccount({ record, status, baseline }, { config, access, kinds });
  const { name, version } = baseline;
  const document: PlanDocument = {
    accountId,
    baseline: file ? { name } : { name, version },
    differences: outcomes.flatMap(({ differences, foreign }) => [...differences, ...foreign]),
    obstacles: outcomes.flatMap(obstacle),
  };
  if (options.json) printJson(document);
  else {
    printPlan(document);
    const foreign = outcomes.flatMap((outcome) => outcome.foreign).length;
    say(inWords(document, foreign, file ? (options.baseline ?? '') : formatBaseline(baseline)));
  }
  const differs = outcomes.some((outcome) => outcome.differences.length > 0) || document.obstacles.length > 0;
  if (differs) process.exitCode = 2;
  const failed = document.obstacles.find(({ state }) => state === 'failed');
  if (failed)
    throw new Failure(`The plan is not complete, ${failed.kind} could not be compared: ${failed.message}`);
}

function obstacle({ kind, state }: KindOutcome): Obstacle[] {
  switch (state.is) {
    case 'inDesiredState':
    case 'held':
    case 'removed':
      return [];
    case 'blocked':
    case 'settling':
      return [{ kind: kind.name, state: state.is, message: state.message }];
    case 'failed':
      return [{ kind: kind.name, state: state.is, message: explain(state.error) }];
  }
}

async function assigned(table: Table, record: AccountRecord): Promise<BaselineDocument> {
  const { accountId, baseline } = record;
  if (!baseline)
    throw new Failure(`Account ${accountId} has no baseline: assign one, or name a file with --baseline.`);
  const found = await getBaseline(table, baseline.name, baseline.version);
  if (found) return found;
  throw new Failure(
    `Account ${accountId} is on ${formatBaseline(baseline)}, which was never published: assign another, or name a file with --baseline.`,
  );
}

function printPlan({ differences, obstacles }: PlanDocument): void {
  if (differences.length > 0) printDifferences(differences);
  if (obstacles.length === 0) return;
  if (differences.length > 0) print('');
  printTable(
    ['KIND', 'STATE', 'WHY'],
    obstacles.map(({ kind, state, message }) => [kind, state, cell(message)]),
  );
}

/** What a plan comes to, for people. Pure. @param foreign how many of its differences are of others, and stay */
export function inWords(
  { accountId, differences, obstacles }: PlanDocument,
  foreign: number,
  baseline: string,
): string {
  const ours = differences.length - foreign;
  const stays = foreign === 1 ? 'thing in it is not ours, and is' : 'things in it are not ours, and are';
  const left = foreign > 0 ? ` ${foreign} ${stays} left alone.` : '';
  if (ours > 0) return `${counted(ours, 'difference')} from ${baseline} in account ${accountId}.${left}`;
  if (obstacles.length > 0) return `A pass could not bring account ${accountId} to ${baseline} now.${left}`;
  return `Account ${accountId} is as ${baseline} says: a pass would change nothing.${left}`;
}
