import { spawn } from 'node:child_process';
import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type ReviewBucket, reviewBucket } from '../shared/aws/review-bucket.ts';
import { REPORTS, reportObject } from '../shared/deployment/names.ts';
import { time } from '../shared/domain/words.ts';
import { connect } from './client.ts';
import { Failure } from './failure.ts';
import { print, printJson, say } from './terminal.ts';

/** How long a link works: long enough to send it to somebody, and little for one that gets lost. */
const LIFETIME_SECONDS = 3_600;

/** The options of `report open`. */
export interface OpenOptions {
  /** `2027-01-31` */
  readonly date?: string;
  readonly json?: boolean;
}

/** A signed link to a page: whoever has it can read the page until it expires. */
export interface PageLink {
  /** The UTC day on which the nightly sweep began. */
  readonly date: string;
  readonly url: string;
  /** ISO time: after an hour, or when the credentials that signed it expire. */
  readonly expiresAt: string;
}

/** `report open`: prints a link to a nightly page, and on a terminal opens it in a browser, too. */
export async function openReport({ date, json }: OpenOptions): Promise<void> {
  const { config } = await connect();
  const link = await linkTo(reviewBucket(config), date, Date.now());
  if (json) return printJson(link);
  print(link.url);
  say(`The page of ${link.date}. The link works until ${time(link.expiresAt)}, for whoever has it.`);
  if (process.stdout.isTTY) await browse(link.url);
}

/** @throws Failure if there is no page, or none of this day */
async function linkTo(bucket: ReviewBucket, date: string | undefined, now: number): Promise<PageLink> {
  const days = await daysWithPage(bucket);
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined)
    throw new Failure(
      'There is no page yet: each nightly sweep leaves one when its runs have ended. ' +
        '`orgkeeper report --output report.html` makes one now.',
    );
  if (date !== undefined && !days.includes(date))
    throw new Failure(`There is no page of ${date}: there are ${days.length}, from ${first} to ${last}.`);
  const day = date ?? last;
  const object = { Bucket: bucket.name, Key: reportObject(day) };
  const url = await getSignedUrl(bucket.s3, new GetObjectCommand(object), { expiresIn: LIFETIME_SECONDS });
  const { expiration } = await bucket.s3.config.credentials();
  const ends = Math.min(now + LIFETIME_SECONDS * 1000, expiration?.getTime() ?? Number.POSITIVE_INFINITY);
  return { date: day, url, expiresAt: new Date(ends).toISOString() };
}

/** The days of which there is a page, in order. */
async function daysWithPage({ s3, name, owner }: ReviewBucket): Promise<string[]> {
  const pages = paginateListObjectsV2(
    { client: s3 },
    { Bucket: name, Prefix: REPORTS, ExpectedBucketOwner: owner },
  );
  const days: string[] = [];
  for await (const { Contents = [] } of pages)
    for (const { Key = '' } of Contents) {
      const day = Key.slice(REPORTS.length, -'.html'.length);
      if (/^\d{4}-\d{2}-\d{2}$/.test(day) && Key === reportObject(day)) days.push(day);
    }
  return days.toSorted();
}

/** Opens a link in the browser of this machine, if it has one: the link is printed in any case. */
async function browse(url: string): Promise<void> {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  const hasScreen = DISPLAY !== undefined || WAYLAND_DISPLAY !== undefined;
  const opener = process.platform === 'darwin' ? 'open' : hasScreen ? 'xdg-open' : undefined;
  if (opener === undefined) return;
  const started = spawn(opener, [url], { stdio: 'ignore', detached: true });
  await new Promise<void>((done) => {
    started.once('spawn', done);
    started.once('error', () => {
      say(`No browser was opened: there is no ${opener} here.`);
      done();
    });
  });
  started.unref();
}
