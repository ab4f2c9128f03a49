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

/** `plan ID`: what a pass would change. */
export function planCommand(): Command {
  return new Command('plan')
    .description(
      'Shows what a pass would change in an account, changing nothing. Exit 2 when something differs.',
    )
    .argument('<id>', 'account id, 12 digits')
    .option('--baseline <file>', 'with this baseline file instead of the one assigned')
    .option('--show-secrets', 'ExternalIds in clear, instead of their ends alone')
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
 * `plan`: asks the reconcile function, which may enter accounts, and waits for its answer. Exit code 2 when something
 * differs; what others added is shown and counts for nothing, since it stays.
 * @throws Failure when there is no plan, or a kind could not be looked at
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
    say(inWords(document, foreign, options.baseline ?? formatBaseline({ name, version })));
  }
  if (document.differences.length > foreign || document.obstacles.length > 0) process.exitCode = 2;
  const failed = document.obstacles.find(({ state }) => state === 'failed');
  if (failed)
    throw new Failure(`The plan is not complete, ${kindOf(failed)} could not be compared: ${failed.message}`);
}

/** A plan takes seconds, and what may pass is tried again for a minute. */
const WAIT_SECONDS = 150;

/** Waits for the answer to a request. @throws Failure when it is rejected, or when nobody answers */
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
          `There is no plan of account ${accountId} after ${WAIT_SECONDS} s: look at the logs of intake and reconcile for ` +
          `event ${eventId}, and at \`orgkeeper doctor\`.`,
      },
    );
  } finally {
    progress.stop();
  }
}

function withoutSecrets(document: PlanDocument, { externalId }: AccountRecord): PlanDocument {
  return { ...document, differences: maskDifferences(document.differences, externalId) };
}

/** `network`, or `network (us-west-2)` of what stands in a region. */
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
