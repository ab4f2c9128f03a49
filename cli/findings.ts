import { cell } from '../shared/domain/escape.ts';
import { countFindings, type Review, type ReviewedFinding } from '../shared/domain/review.ts';
import { counted } from '../shared/domain/words.ts';
import { startCsv } from './csv.ts';
import { printTable, say } from './terminal.ts';

/** Prints what nobody intends, worst first, and how much else there is. */
export function printFindings(reviews: readonly Review[]): void {
  const several = reviews.length > 1;
  const rows = reviews.flatMap(({ accountId, findings }) =>
    findings
      .filter(({ intended }) => intended === undefined)
      .map((one) => [
        ...(several ? [accountId] : []),
        one.id,
        one.kind,
        cell(shortName(one.subject)),
        cell(one.other ?? '–'),
        one.flags.join(', ') || '–',
      ]),
  );
  if (rows.length > 0) {
    printTable([...(several ? ['ACCOUNT'] : []), 'FINDING', 'KIND', 'SUBJECT', 'OTHER', 'FLAGS'], rows);
  }
  for (const { accountId, unread } of reviews) {
    for (const { subject, why } of unread)
      say(cell(`Account ${accountId}: ${subject} could not be read: ${why}`));
  }
  const counts = reviews.map(countFindings);
  const sum = (of: 'findings' | 'unintended' | 'flagged') =>
    counts.reduce((total, one) => total + one[of], 0);
  const where = several ? ` in ${counted(reviews.length, 'account')}` : '';
  say(
    `${counted(sum('findings'), 'finding')}${where}: ${sum('findings') - sum('unintended')} intended, ` +
      `${sum('unintended')} not, of which ${sum('flagged')} flagged.`,
  );
}

/** `role/path/name` of an ARN; of a bucket its ARN, which is short. */
function shortName(arn: string): string {
  return arn.includes(':iam:') ? arn.slice(arn.lastIndexOf(':') + 1) : arn;
}

const COLUMNS: readonly (readonly [string, (of: ReviewedFinding, review: Review) => string | undefined])[] = [
  ['account', (_, { accountId }) => accountId],
  ['name', (_, { accountName }) => accountName],
  ['reviewedAt', (_, { reviewedAt }) => reviewedAt],
  ['finding', ({ id }) => id],
  ['kind', ({ kind }) => kind],
  ['subject', ({ subject }) => subject],
  ['other', ({ other }) => other],
  ['party', ({ party }) => party],
  ['flags', ({ flags }) => flags.join(' ')],
  ['intended', ({ intended }) => intended?.by ?? 'no'],
  ['because', ({ intended }) => (intended?.by === 'acceptance' ? intended.because : undefined)],
  ['until', ({ intended }) => (intended?.by === 'acceptance' ? intended.until : undefined)],
  ['externalId', ({ externalId }) => externalId?.toString()],
  ['mfa', ({ mfa }) => mfa?.toString()],
  ['lastUsedAt', ({ lastUsedAt }) => lastUsedAt],
  ['actions', ({ actions }) => actions?.join(' ')],
  ['conditions', ({ conditions }) => conditions && JSON.stringify(conditions)],
];

/** Prints every finding as a line of CSV, after a line of names. */
export function printCsv(reviews: readonly Review[]): void {
  const write = startCsv(COLUMNS.map(([name]) => name));
  for (const review of reviews) {
    write(review.findings.map((one) => COLUMNS.map(([, read]) => read(one, review) ?? '')));
  }
}
