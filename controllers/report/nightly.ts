import type { Table } from '../../shared/aws/main-clients.ts';
import { putPage, type ReviewBucket } from '../../shared/aws/review-bucket.ts';
import { reportObject } from '../../shared/deployment/names.ts';
import { reportHtml } from './html.ts';
import { makeReport } from './model.ts';
import { readParts } from './read.ts';

const DAY_MS = 86_400_000;

/**
 * Makes the page of the last 24 hours, and puts it into the bucket of the deployment under a day. Idempotent: a page of the same day is
 * replaced.
 * @param day the UTC day on which the nightly sweep began: `2027-01-31`
 */
export async function makeNightlyPage(
  day: string,
  { table, bucket, now }: { readonly table: Table; readonly bucket: ReviewBucket; readonly now: Date },
): Promise<{ readonly accounts: number; readonly bytes: number }> {
  const since = new Date(now.getTime() - DAY_MS).toISOString();
  const parts = await readParts(table, since, now);
  const page = reportHtml(makeReport(parts));
  await putPage(bucket, reportObject(day), page);
  return { accounts: parts.accounts.length, bytes: Buffer.byteLength(page) };
}
