import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { cell } from '../../shared/domain/escape.ts';
import { counted } from '../../shared/domain/words.ts';
import { validFile } from '../baseline-file.ts';
import { printDiff } from '../differences.ts';
import { explain, Failure } from '../failure.ts';
import { allRecords, isChosen, publishedBaseline, readBaselineReference } from '../fleet.ts';
import { startProgress } from '../follow.ts';
import { openPlanJournal } from '../plan-journal.ts';
import {
  type AccountPlan,
  differs,
  groupPlans,
  isIncomplete,
  namedAccounts,
  type PlanGroup,
  planMarkdown,
  totalsInWords,
} from '../plan-report.ts';
import { connectPlanner } from '../planner.ts';
import { print, printJson, printText, say } from '../terminal.ts';

/** Accounts that are planned at once: the function reads them side by side, and STS limits how many it may enter. */
const AT_ONCE = 20;

/** What `plan` without an account was given. */
interface FleetOptions {
  readonly all?: boolean;
  readonly baseline?: string;
  readonly file?: string;
  readonly resume?: boolean;
  readonly showSecrets?: boolean;
  readonly format: 'text' | 'md' | 'json';
}

/**
 * `plan --all` and `plan --baseline NAME`: plans many accounts, and groups those for which a run would do the same. An account that
 * cannot be planned costs the others nothing. Exit code 2 if something differs.
 * @throws Failure if the plan of an account is missing or not complete
 */
export async function planFleet(options: FleetOptions): Promise<void> {
  if (!!options.all === (options.baseline !== undefined))
    throw new Failure('Name one account, or a baseline with --baseline, or all accounts with --all.');
  const file = options.file === undefined ? undefined : await validFile(options.file);
  const planner = await connectPlanner();
  const records = await chosen(planner.table, options.baseline);
  const by = { document: file?.text, showSecrets: !!options.showSecrets };
  const key = createHash('sha256')
    .update(JSON.stringify([planner.deployment, by]))
    .digest('hex');
  const journal = await openPlanJournal(key, { resume: !!options.resume, now: () => new Date() });
  const limit = pLimit(AT_ONCE);
  const progress = startProgress(`Planning ${counted(records.length, 'account')} …`);
  let done = 0;
  const plans = await Promise.all(
    records.map((record) =>
      limit(async () => {
        const known = journal.known(record);
        const plan = known ?? (await planOrFailure(planner.plan(record, by), record));
        done += 1;
        progress.update(`Planned ${done} of ${counted(records.length, 'account')} …`);
        if (!known && !isIncomplete(plan)) await journal.add(record, plan);
        return plan;
      }),
    ),
  ).finally(progress.stop);
  const lacking = plans.filter(isIncomplete);
  if (lacking.length === 0) await journal.drop();
  show(plans, records, options);
  if (plans.some(differs)) process.exitCode = 2;
  if (lacking.length > 0)
    throw new Failure(
      `${lacking.length} of ${counted(plans.length, 'account')} could not be planned completely: ${namedAccounts(lacking)}. ` +
        'Plan one of them alone to see all of it; --resume plans only what is missing.',
    );
}

/** The managed accounts, of one baseline or of all, sorted. @throws Failure if there is no such baseline */
async function chosen(table: Table, text: string | undefined): Promise<AccountRecord[]> {
  const managed = (await allRecords(table)).filter(({ lifecycle }) => lifecycle === 'managed');
  if (text === undefined) return managed;
  const reference = readBaselineReference(text);
  await publishedBaseline(table, reference);
  return managed.filter(({ baseline }) => isChosen(baseline, reference));
}

/** The plan, or a failure as its result: the plans of the other accounts go on. */
async function planOrFailure(plan: Promise<AccountPlan>, record: AccountRecord): Promise<AccountPlan> {
  try {
    return await plan;
  } catch (error) {
    return { accountId: record.accountId, name: record.name, failure: explain(error) };
  }
}

function show(plans: readonly AccountPlan[], records: readonly AccountRecord[], options: FleetOptions): void {
  const failed = plans.filter(({ document }) => !document);
  const emails = new Map(records.flatMap(({ accountId, email }) => (email ? [[accountId, email]] : [])));
  switch (options.format) {
    case 'json':
      printJson({
        plans: plans.flatMap(({ document, name }) => (document ? [{ name, ...document }] : [])),
        failures: failed.map(({ accountId, name, failure }) => ({ accountId, name, message: failure })),
      });
      break;
    case 'md':
      printText(planMarkdown(inOneSentence(plans, options), groupPlans(plans, emails), failed));
      break;
    case 'text':
      for (const group of groupPlans(plans, emails)) printGroup(group);
      say({
        sentence: inOneSentence(plans, options),
        lines: failed.map(({ accountId, name, failure }) => `${accountId} ${name}: ${failure}`),
      });
  }
}

function printGroup({ accounts, lines }: PlanGroup): void {
  const whole = accounts[0]?.document;
  const counts = whole ? totalsInWords(whole) : '';
  print(`${counted(accounts.length, 'account')}: ${cell(namedAccounts(accounts))}`);
  if (lines.length === 0) print('  nothing to change');
  else printDiff(lines);
  print(counts === '' ? '' : `Each: ${counts}.\n`);
}

/** `231 of 300 accounts differ from analytics.yaml.` */
function inOneSentence(plans: readonly AccountPlan[], { file, baseline }: FleetOptions): string {
  const reference = baseline === undefined ? undefined : readBaselineReference(baseline);
  const by =
    file ??
    (reference?.version ? formatBaseline({ ...reference, version: reference.version }) : 'their baselines');
  if (plans.length === 0) return 'No managed account is on this baseline: nothing to plan.';
  return `${plans.filter(differs).length} of ${counted(plans.length, 'account')} differ from ${by}.`;
}
