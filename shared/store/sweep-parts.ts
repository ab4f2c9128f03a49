import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { Sweep } from '../domain/control.ts';
import type { SweepTally } from '../domain/sweep-result.ts';
import { sweepKey, TallyItem } from './controls.ts';
import { type Fields, type Item, type Page, reader, readPage } from './item.ts';
import { DAY_SECONDS, duePages, expiresIn, IF_ABSENT, putItem, queryPages, updateItem } from './table.ts';

/**
 * The accounts of a sweep in parts of some hundred, so that the tick of the minute follows the sweep without reading an account
 * twice: a part is counted once, when each of its accounts has had its run.
 */
export interface SweepPart {
  readonly sweepId: string;
  /** Its place in the sweep. */
  readonly name: string;
  readonly accountIds: readonly string[];
  /** ISO time at which the runs were requested. */
  readonly since: string;
  /** Absent until the runs of all its accounts have ended. */
  readonly tally?: SweepTally;
}

/** The most accounts of a part. */
const PART = 500;
const PART_SECONDS = 30 * DAY_SECONDS;
const DUE = 'sweep';

const readPart = reader<SweepPart>({
  sweepId: z.string(),
  name: z.string(),
  accountIds: z.array(z.string()),
  since: z.string(),
  tally: TallyItem.exactOptional(),
} satisfies Fields<SweepPart>);
const partKey = (sweepId: string, name: string) => ({ pk: sweepKey(sweepId).pk, sk: `part#${name}` });

/**
 * Saves which accounts a sweep is about to request runs of. A part that was saved before stays: its tally may be there.
 * @param name the place of these accounts in the sweep, the same if they are saved again after a crash
 */
export async function saveParts(
  table: Table,
  { sweepId, since }: Pick<SweepPart, 'sweepId' | 'since'>,
  name: string,
  accountIds: readonly string[],
): Promise<void> {
  for (let start = 0; start < accountIds.length; start += PART) {
    const part = {
      sweepId,
      name: `${name}#${start}`,
      accountIds: accountIds.slice(start, start + PART),
      since,
    };
    const expiresAt = expiresIn(PART_SECONDS, new Date());
    await putItem(table, { ...part, ...partKey(sweepId, part.name), expiresAt }, IF_ABSENT);
  }
}

/** The parts of a sweep in order, and those that cannot be read. */
export async function partsOf(table: Table, sweepId: string): Promise<Page<SweepPart>> {
  const found: Item[] = [];
  const pages = queryPages(table, {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :part)',
    ExpressionAttributeValues: { ':pk': sweepKey(sweepId).pk, ':part': 'part#' },
    ConsistentRead: true,
  });
  for await (const page of pages) found.push(...page);
  return readPage((item) => readPart(item), found);
}

/** Saves the tally of a part. */
export async function saveTally(
  table: Table,
  { sweepId, name }: SweepPart,
  tally: SweepTally,
): Promise<void> {
  await updateItem(table, partKey(sweepId, name), {
    UpdateExpression: 'SET tally = :tally',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeValues: { ':tally': tally },
  });
}

/** All parts of the sweep are saved: from now on the tick of the minute looks whether its runs have ended. */
export async function followSweep(table: Table, sweepId: string, now: Date): Promise<void> {
  await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET due = :due, dueAt = :now',
    ConditionExpression:
      'attribute_exists(pk) AND attribute_not_exists(due) AND attribute_not_exists(finished)',
    ExpressionAttributeValues: { ':due': DUE, ':now': now.toISOString() },
  });
}

/** A sweep that is followed, and since when. */
export interface FollowedSweep {
  readonly sweepId: string;
  /** ISO time. */
  readonly dueAt: string;
}

/** The sweeps whose runs have not all ended, or whose end was not announced; soonest first, one Query a page. */
export async function* followedSweeps(table: Table, now: Date): AsyncGenerator<FollowedSweep[]> {
  for await (const page of duePages(table, DUE, now))
    yield page.map(({ pk, dueAt }) => ({
      sweepId: String(pk).slice(sweepKey('').pk.length),
      dueAt: String(dueAt),
    }));
}

/** How long whoever ends a sweep has to announce that; then the tick of the minute does. */
const ANNOUNCED_SECONDS = 120;

/** Ends a sweep. True for the one caller that must announce it. */
export async function finishSweep(
  table: Table,
  sweepId: string,
  finished: NonNullable<Sweep['finished']>,
  now: Date,
): Promise<boolean> {
  const ended = await updateItem(table, sweepKey(sweepId), {
    UpdateExpression: 'SET finished = :finished, dueAt = :later',
    ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(finished)',
    ExpressionAttributeValues: {
      ':finished': finished,
      ':later': new Date(now.getTime() + ANNOUNCED_SECONDS * 1000).toISOString(),
    },
  });
  return ended !== undefined;
}

/** Claims the announcement of a sweep that has ended, if whoever ended it did not announce it. True for one caller. */
export async function claimAnnouncement(table: Table, followed: FollowedSweep, now: Date): Promise<boolean> {
  const claimed = await updateItem(table, sweepKey(followed.sweepId), {
    UpdateExpression: 'SET dueAt = :later',
    ConditionExpression: 'dueAt = :read',
    ExpressionAttributeValues: {
      ':later': new Date(now.getTime() + ANNOUNCED_SECONDS * 1000).toISOString(),
      ':read': followed.dueAt,
    },
  });
  return claimed !== undefined;
}

/** The end of a sweep was announced: nobody follows it any more. */
export async function finishAnnounced(table: Table, sweepId: string): Promise<void> {
  await updateItem(table, sweepKey(sweepId), { UpdateExpression: 'REMOVE due, dueAt' });
}
