import { Command, InvalidArgumentError } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import { reviewBucket } from '../../shared/aws/review-bucket.ts';
import { cell } from '../../shared/domain/escape.ts';
import { compareReviews, type Review, type ReviewedFinding } from '../../shared/domain/review.ts';
import { counted } from '../../shared/domain/words.ts';
import { getReview, putAcceptance, type ReviewEntry, reviewEntries } from '../../shared/store/reviews.ts';
import { endOf, timeOf, wholeNumber } from '../arguments.ts';
import { connect, type Deployment } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { printCsv, printFindings } from '../findings.ts';
import { allRecords, findAccount, readAccountId } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { sendRequest } from '../send-request.ts';
import { print, printJson, say } from '../terminal.ts';

/** `review …`: who may enter accounts, and what may be entered from them. */
export function reviewCommand(): Command {
  const command = new Command('review')
    .description(
      'Reviews the access that IAM and bucket policies give: reads each account now, and shows what nobody intends.',
    )
    .argument('[ids...]', 'account ids')
    .option('--all', 'every managed account')
    .option('--unused <days>', 'flag roles that were not used for so long, such as 90d (the default)', days)
    .option('--reason <text>', 'why, for the record')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .option('--json', 'print the reviews, with every finding')
    .option('--csv', 'print every finding as a line of CSV')
    .addHelpText(
      'after',
      examples('orgkeeper review 456789012345', 'orgkeeper review --all --csv > findings.csv'),
    )
    .action(review);
  command
    .command('diff')
    .description('Compares the last review of an account with the one before. Exit 2 if something differs.')
    .argument('<id>', 'account id, 12 digits')
    .option('--from <date>', 'compare with the last review before this day or time', timeOf)
    .option('--json', 'print { from, to, appeared, gone, changed }')
    .addHelpText('after', examples('orgkeeper review diff 456789012345 --from 2026-11-01'))
    .action(diff);
  command
    .command('accept')
    .description('Makes a finding intended for a time. It comes back when the time ends.')
    .argument('<id>', 'account id, 12 digits')
    .argument('<finding>', 'id of a finding of the last review')
    .requiredOption('--until <date>', 'the last day (UTC), or the time at which it ends', (text) =>
      endOf(text, new Date()),
    )
    .requiredOption('--because <text>', 'why, for the next review')
    .addHelpText(
      'after',
      examples(
        "orgkeeper review accept 456789012345 4f1c09aa73d2 --until 2027-06-30 --because 'the vendor reads invoices'",
      ),
    )
    .action(accept);
  return command;
}

interface ReviewOptions {
  readonly all?: boolean;
  readonly unused?: number;
  readonly reason?: string;
  readonly timeout: number;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/**
 * `review`: requests a review of each account, waits for the results and prints them.
 * @throws Failure if the review of an account failed; the others are printed
 */
async function review(ids: readonly string[], options: ReviewOptions): Promise<void> {
  const named = [...new Set(ids.map(readAccountId))];
  if (named.length > 0 === (options.all === true))
    throw new Failure('Name accounts, or all of them with --all.');
  if (options.json && options.csv) throw new Failure('Choose one of --json and --csv.');
  const deployment = await connect();
  const accountIds = options.all ? await managedAccounts(deployment) : named;
  if (!options.all) await Promise.all(accountIds.map((id) => findAccount(deployment.table, id)));
  if (accountIds.length === 0) return say('No account is managed.');
  const request = {
    ...(!options.all && { accountIds }),
    ...(options.unused !== undefined && { unusedDays: options.unused }),
    ...(options.reason !== undefined && { reason: options.reason }),
  };
  const eventId = await sendRequest(busClient(deployment.config), 'AccessReviewRequested', request);
  const entries = await followReviews(deployment, eventId, accountIds, options.timeout);
  const bucket = reviewBucket(deployment.config);
  const reviews: Review[] = [];
  for (const id of accountIds) {
    const entry = entries.get(id);
    if (entry) reviews.push(await getReview(bucket, entry));
  }
  if (options.json) printJson(reviews);
  else if (options.csv) printCsv(reviews);
  else printFindings(reviews);
  judge(reviews);
}

async function managedAccounts({ table }: Deployment): Promise<string[]> {
  const records = await allRecords(table);
  return records.filter(({ lifecycle }) => lifecycle === 'managed').map(({ accountId }) => accountId);
}

/** Waits for the review of each account that answers the request. */
async function followReviews(
  { table }: Deployment,
  eventId: string,
  accountIds: readonly string[],
  seconds: number,
): Promise<ReadonlyMap<string, ReviewEntry>> {
  const total = accountIds.length;
  const found = new Map<string, ReviewEntry>();
  const open = () => accountIds.filter((id) => !found.has(id));
  const progress = startProgress(`Waiting for ${counted(total, 'review')} …`);
  try {
    return await poll(
      async () => {
        await failIfRejected(table, eventId);
        for (const id of open()) {
          const entry = (await reviewEntries(table, id)).find(({ causeId }) => causeId === eventId);
          if (entry) found.set(id, entry);
        }
        progress.update(`${found.size} of ${counted(total, 'review')} finished …`);
        return found.size === total ? found : undefined;
      },
      {
        seconds,
        every: total > 10 ? 5_000 : 1_000,
        late: () =>
          `${open().length} of ${counted(total, 'review')} not finished after ${seconds} s, such as that of account ${open()[0]}. ` +
          'They go on, and are kept: the logs of review say more.',
      },
    );
  } finally {
    progress.stop();
  }
}

function judge(reviews: readonly Review[]): void {
  const failed = reviews.filter(({ failure }) => failure !== undefined);
  const [first] = failed;
  if (!first?.failure) return;
  const { reason, message, remedy } = first.failure;
  const sentence = `${failed.length} of ${counted(reviews.length, 'review')} failed: account ${first.accountId}: ${reason}: ${message}`;
  throw new Failure(remedy ? `${sentence} ${remedy}` : sentence);
}

/** `review diff`: exit code 2 if something differs. */
async function diff(
  id: string,
  { from, json }: { readonly from?: number; readonly json?: boolean },
): Promise<void> {
  const accountId = readAccountId(id);
  const { config, table } = await connect();
  const [last, ...earlier] = succeeded(await reviewEntries(table, accountId));
  const before = earlier.find(({ reviewedAt }) => from === undefined || Date.parse(reviewedAt) < from);
  if (!last)
    throw new Failure(`There is no review of account ${accountId}: \`orgkeeper review ${accountId}\`.`);
  if (!before) throw new Failure(`Account ${accountId} has no earlier review to compare with.`);
  const bucket = reviewBucket(config);
  const [then, now] = [await getReview(bucket, before), await getReview(bucket, last)];
  const compared = compareReviews(then, now);
  const { appeared, gone, changed } = compared;
  if (json) printJson({ from: then.reviewedAt, to: now.reviewedAt, ...compared });
  else {
    const lines = [...marked('+', appeared), ...marked('-', gone), ...marked('~', changed)];
    for (const line of lines) print(line);
    say(
      `${appeared.length} appeared, ${gone.length} gone, ${changed.length} changed ` +
        `from ${then.reviewedAt} to ${now.reviewedAt}.`,
    );
  }
  if (appeared.length + gone.length + changed.length > 0) process.exitCode = 2;
}

function marked(mark: string, findings: readonly ReviewedFinding[]): string[] {
  return findings.map(({ id, kind, subject, other, flags, intended }) =>
    cell(
      [mark, id, kind, subject, other, ...flags, intended ? `(intended: ${intended.by})` : undefined]
        .filter((part) => part !== undefined)
        .join(' '),
    ),
  );
}

function succeeded(entries: readonly ReviewEntry[]): ReviewEntry[] {
  return entries.filter(({ failed }) => failed === undefined);
}

/** `review accept`: saves that a finding of the last review is intended until a time. */
async function accept(
  id: string,
  finding: string,
  { until, because }: { readonly until: string; readonly because: string },
): Promise<void> {
  const accountId = readAccountId(id);
  if (because.trim() === '' || because.length > 500)
    throw new Failure('--because must say why, in 1 to 500 characters.');
  const { config, table } = await connect();
  const [last] = succeeded(await reviewEntries(table, accountId));
  if (!last)
    throw new Failure(`There is no review of account ${accountId}: \`orgkeeper review ${accountId}\`.`);
  const { findings, reviewedAt } = await getReview(reviewBucket(config), last);
  const found = findings.find((each) => each.id === finding);
  if (!found) {
    throw new Failure(
      `The review of account ${accountId} of ${reviewedAt} has no finding ${finding}: \`orgkeeper review ${accountId}\` shows the ids.`,
    );
  }
  await putAcceptance(table, accountId, { finding, until, because, acceptedAt: new Date().toISOString() });
  say(`Accepted ${found.kind} of ${found.subject} until ${until}: the next review calls it intended.`);
}

/** Parser of `90d`. */
function days(text: string): number {
  const [, number] = /^(\d+)d$/.exec(text) ?? [];
  const found = Number(number);
  if (number === undefined || found < 1 || found > 400)
    throw new InvalidArgumentError('It must be 1d to 400d: AWS tracks the use of roles for 400 days.');
  return found;
}
