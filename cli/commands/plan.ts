import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { tableClient } from '../../shared/aws/table-client.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { type PlanAnswer, type PlanDocument, whyNoPlan } from '../../shared/domain/plan.ts';
import { maskDifferences } from '../../shared/domain/secrets.ts';
import { getPlanAnswer } from '../../shared/store/plans.ts';
import { assumeApiRole } from '../api-role.ts';
import { validFile } from '../baseline-file.ts';
import { connect } from '../client.ts';
import { printDifferences, regionColumn } from '../differences.ts';
import { Failure } from '../failure.ts';
import { findAccount, readAccountId } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { sendRequest } from '../send-request.ts';
import { cell, counted, print, printJson, printTable, say } from '../terminal.ts';

/** `plan ID`: what a run would change. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Shows what a run would change in an account; changes nothing. Exit 2 if something differs.')
    .argument('<id>', 'account id, 12 digits')
    .option('--baseline <file>', 'use this baseline file instead of the assigned baseline')
    .option('--show-secrets', 'show whole ExternalIds instead of masked ones')
    .option('--json', 'print the differences, and what could not be compared')
    .action(plan);
}

/** What `plan` was given. */
interface PlanOptions {
  /** A file to plan with, instead of the baseline assigned. */
  readonly baseline?: string;
  readonly showSecrets?: boolean;
  readonly json?: boolean;
}

/**
 * `plan`: requests a plan from the reconcile function, which may enter accounts, and waits for the answer. Exit code 2 if something
 * differs; unowned resources are shown but do not count, since they stay.
 * @throws Failure if there is no plan, or if a kind could not be observed
 */
export async function plan(id: string, options: PlanOptions): Promise<void> {
  const accountId = readAccountId(id);
  const file = options.baseline === undefined ? undefined : await validFile(options.baseline);
  const { config } = await connect();
  const { credentials } = await assumeApiRole(config, `plan-${randomUUID()}`);
  const table = tableClient(config, credentials);
  const bus = busClient(config, credentials);
  const { record } = await findAccount(table, accountId);
  const why = whyNoPlan(record, file ? 'file' : 'assigned');
  if (why) throw new Failure(why);
  const detail = { accountId, ...(file && { document: file.text }) };
  const answer = await followPlan(table, await sendRequest(bus, 'PlanRequested', detail), accountId);
  if (answer.is === 'failed') throw new Failure(answer.message);
  const { foreign } = answer;
  const document = options.showSecrets ? answer.document : withoutSecrets(answer.document, record);
  if (options.json) printJson(document);
  else {
    printPlan(document);
    const { name, version = 0 } = document.baseline;
    say(planInWords(document, foreign, options.baseline ?? formatBaseline({ name, version })));
  }
  if (document.differences.length > foreign || document.obstacles.length > 0) process.exitCode = 2;
  const failed = document.obstacles.find(({ state }) => state === 'failed');
  if (failed)
    throw new Failure(`The plan is not complete, ${kindOf(failed)} could not be compared: ${failed.message}`);
}

/** A plan takes seconds; the function retries temporary errors for a minute. */
const WAIT_SECONDS = 150;

/** Waits for the answer to a request. @throws Failure if it is rejected, or not answered in time */
async function followPlan(table: Table, eventId: string, accountId: string): Promise<PlanAnswer> {
  const progress = startProgress(`Waiting for the plan of account ${accountId} …`);
  try {
    return await poll(
      async () => {
        await failIfRejected(table, eventId);
        return getPlanAnswer(table, eventId, new Date());
      },
      {
        seconds: WAIT_SECONDS,
        every: 500,
        late: () =>
          `There is no plan of account ${accountId} after ${WAIT_SECONDS} s: see the logs of intake and reconcile for ` +
          `event ${eventId}, and run \`orgkeeper doctor\`.`,
      },
    );
  } finally {
    progress.stop();
  }
}

function withoutSecrets(document: PlanDocument, { externalId }: AccountRecord): PlanDocument {
  return { ...document, differences: maskDifferences(document.differences, externalId) };
}

/** `network`, or `network (us-west-2)` for a kind in a region. */
function kindOf({ kind, region }: PlanDocument['obstacles'][number]): string {
  return region === undefined ? kind : `${kind} (${region})`;
}

function printPlan({ differences, obstacles }: PlanDocument): void {
  if (differences.length > 0) printDifferences(differences);
  if (obstacles.length === 0) return;
  const regions = regionColumn(obstacles);
  if (differences.length > 0) print('');
  printTable(
    ['KIND', ...regions.head, 'STATE', 'WHY'],
    obstacles.map((one) => [one.kind, ...regions.cells(one), one.state, cell(one.message)]),
  );
}

/** The result of a plan, as a sentence. Pure. @param foreign number of its differences that are unowned resources, which stay */
export function planInWords(
  { accountId, differences, obstacles }: PlanDocument,
  foreign: number,
  baseline: string,
): string {
  const ours = differences.length - foreign;
  const stays = foreign === 1 ? 'unowned resource is' : 'unowned resources are';
  const left = foreign > 0 ? ` ${foreign} ${stays} left alone.` : '';
  if (ours > 0) return `${counted(ours, 'difference')} from ${baseline} in account ${accountId}.${left}`;
  if (obstacles.length > 0) return `A run could not bring account ${accountId} to ${baseline} now.${left}`;
  return `Account ${accountId} is as in ${baseline}: a run would change nothing.${left}`;
}
