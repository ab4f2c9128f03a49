import { Command, Option } from 'commander';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { type PlanDocument, whyNoPlan } from '../../shared/domain/plan.ts';
import { counted } from '../../shared/domain/words.ts';
import { validFile } from '../baseline-file.ts';
import { printDiff } from '../differences.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { findAccount, readAccountId } from '../fleet.ts';
import { startProgress } from '../follow.ts';
import { differs, groupPlans, planLines, planMarkdown, toCorrect, totalsInWords } from '../plan-report.ts';
import { connectPlanner } from '../planner.ts';
import { print, printJson, printText, say } from '../terminal.ts';

const FORMATS = ['text', 'md', 'json'] as const;
type Format = (typeof FORMATS)[number];

/** `plan ID`, `plan --all`, `plan --baseline NAME`: what runs would change. */
export function planCommand(): Command {
  return new Command('plan')
    .description(
      'Shows what a run would change in an account, or in many; changes nothing. Exit 2 if something differs.',
    )
    .argument('[id]', 'account id, 12 digits')
    .option('--all', 'every managed account')
    .option(
      '--baseline <name>',
      'without an id: the accounts of this baseline; with an id: the same as --file',
    )
    .option('--file <file>', 'use this baseline file instead of the assigned baseline')
    .option('--resume', 'go on with a plan of many accounts that was interrupted within the last hour')
    .option('--show-secrets', 'show whole ExternalIds instead of masked ones')
    .addOption(
      new Option('--format <format>', 'md: a comment on a pull request').choices(FORMATS).default('text'),
    )
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      examples(
        'orgkeeper plan 456789012345',
        'orgkeeper plan --baseline analytics --file analytics.yaml --format md',
      ),
    )
    .action(plan);
}

/** What `plan` was given. */
interface PlanOptions {
  readonly all?: boolean;
  /** The name of a baseline; with an id: a file. */
  readonly baseline?: string;
  /** A file to plan with, instead of the assigned baseline. */
  readonly file?: string;
  readonly resume?: boolean;
  readonly showSecrets?: boolean;
  readonly format: Format;
  readonly json?: boolean;
}

/**
 * `plan`: requests plans from the reconcile function, which may enter accounts, and waits for the answers. Exit code 2 if something
 * differs; unowned resources are shown but do not count, since they stay.
 * @throws Failure if there is no plan, or if a kind could not be observed
 */
export async function plan(id: string | undefined, options: PlanOptions): Promise<void> {
  const format = options.json ? 'json' : options.format;
  if (id === undefined) {
    const { planFleet } = await import('./plan-fleet.ts');
    return planFleet({ ...options, format });
  }
  if (options.all || options.resume)
    throw new Failure(
      `${options.all ? '--all' : '--resume'} is for plans of many accounts: name no account.`,
    );
  const path = options.file ?? options.baseline;
  const accountId = readAccountId(id);
  const file = path === undefined ? undefined : await validFile(path);
  const planner = await connectPlanner();
  const { record } = await findAccount(planner.table, accountId);
  const why = whyNoPlan(record, file ? 'file' : 'assigned');
  if (why) throw new Failure(why);
  const progress = startProgress(`Waiting for the plan of account ${accountId} …`);
  const answer = await planner
    .plan(record, { document: file?.text, showSecrets: !!options.showSecrets })
    .finally(progress.stop);
  const { document, foreign = 0, failure } = answer;
  if (!document) throw new Failure(failure ?? '');
  if (format === 'json') printJson(document);
  else {
    const { name, version = 0 } = document.baseline;
    const sentence = planInWords(document, foreign, path ?? formatBaseline({ name, version }));
    if (format === 'md') printText(planMarkdown(sentence, groupPlans([answer], new Map()), []));
    else {
      printPlan(document);
      say(sentence);
    }
  }
  if (differs(answer)) process.exitCode = 2;
  const failed = document.obstacles.find(({ state }) => state === 'failed');
  if (failed)
    throw new Failure(`The plan is not complete, ${kindOf(failed)} could not be compared: ${failed.message}`);
}

/** `network`, or `network (us-west-2)` for a kind in a region. */
function kindOf({ kind, region }: PlanDocument['obstacles'][number]): string {
  return region === undefined ? kind : `${kind} (${region})`;
}

/** The lines of a plan, with the totals last. */
function printPlan(document: PlanDocument): void {
  printDiff(planLines(document));
  const counts = totalsInWords(document);
  if (counts !== '') print(`\nPlan: ${counts}.`);
}

/** The result of a plan, as a sentence. Pure. @param foreign number of its differences that are unowned resources, which stay */
export function planInWords(
  { accountId, differences, obstacles }: PlanDocument,
  foreign: number,
  baseline: string,
): string {
  const ours = toCorrect({ differences }, foreign);
  const excepted = differences.length - foreign - ours;
  const stays = foreign === 1 ? 'unowned resource is' : 'unowned resources are';
  const left = [
    ...(excepted > 0 ? [` ${counted(excepted, 'difference is', 'differences are')} excepted.`] : []),
    ...(foreign > 0 ? [` ${foreign} ${stays} left alone.`] : []),
  ].join('');
  if (ours > 0) return `${counted(ours, 'difference')} from ${baseline} in account ${accountId}.${left}`;
  if (obstacles.length > 0) return `A run could not bring account ${accountId} to ${baseline} now.${left}`;
  if (excepted > 0) return `A run by ${baseline} would change nothing in account ${accountId}.${left}`;
  return `Account ${accountId} is as in ${baseline}: a run would change nothing.${left}`;
}
