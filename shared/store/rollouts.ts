import { z } from 'zod';
import type { Table } from '../aws/main-clients.ts';
import type { BaselineReference } from '../domain/account.ts';
import { formatBaseline } from '../domain/baseline.ts';
import { isOpen, type Rollout } from '../domain/rollout.ts';
import { type Item, type Page, reader, readPage } from './item.ts';
import { Announced, BaselineAt } from './record-item.ts';
import {
  collectionPages,
  DAY_SECONDS,
  duePages,
  expiresIn,
  getItem,
  IF_ABSENT,
  ifVersion,
  putItem,
  type TransactWrites,
  type WriteCondition,
  writeTogether,
} from './table.ts';

const wave = z.int().nonnegative();
const readRollout = reader<Rollout>({
  schemaVersion: z.literal(1),
  id: z.string(),
  version: z.int(),
  from: BaselineAt,
  to: BaselineAt,
  waves: z.array(z.string()),
  bakeMinutes: z.int(),
  failures: z.string(),
  by: z.string().exactOptional(),
  stage: z.discriminatedUnion('is', [
    z.looseObject({ is: z.literal('planning') }),
    z.looseObject({ is: z.literal('rolling'), wave }),
    z.looseObject({ is: z.literal('paused'), wave: wave.exactOptional() }),
    z.looseObject({
      is: z.literal('halted'),
      wave,
      reason: z.enum(['TooManyFailures', 'TooMuchDrift']),
      message: z.string(),
    }),
    z.looseObject({ is: z.literal('planningBack') }),
    z.looseObject({ is: z.literal('goingBack') }),
    z.looseObject({ is: z.literal('finished') }),
    z.looseObject({ is: z.literal('aborted') }),
    z.looseObject({ is: z.literal('rolledBack') }),
  ]),
  readyAt: z.array(z.string()),
  startedAt: z.string(),
  orders: z
    .array(
      z.looseObject({
        order: z.enum(['start', 'pause', 'resume', 'abort', 'rollBack']),
        at: z.string(),
        requestedBy: z.string().exactOptional(),
        reason: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
  changedAt: z.string(),
  patientFrom: z.string(),
  dueAt: z.string().exactOptional(),
  owed: z.array(Announced).exactOptional(),
});
/** The accounts of a roll-out, by wave. Written once. */
const readPlan = reader<{ readonly waves: string[][] }>({ waves: z.array(z.array(z.string())) });
/** Leads from a version of a baseline to the roll-out that it takes part in, or took part in last. */
const readClaim = reader<{ readonly rolloutId: string }>({ rolloutId: z.string() });

const rolloutKey = (id: string) => ({ pk: `rollout#${id}`, sk: 'rollout' });
/** `forth`: the waves. `back`: one wave of the accounts that go back. */
export type PlanName = 'forth' | 'back';
const planKey = (id: string, plan: PlanName) => ({ pk: `rollout#${id}`, sk: `plan#${plan}` });
const claimKey = (baseline: BaselineReference) => ({
  pk: `rollout-of#${formatBaseline(baseline)}`,
  sk: 'rollout',
});
const DUE = 'rollout';
/** How long a roll-out that has ended is kept. */
const KEPT_SECONDS = 400 * DAY_SECONDS;

/** A roll-out, read consistently; undefined if there is none. @throws UnreadableItem */
export async function getRollout(table: Table, id: string): Promise<Rollout | undefined> {
  return readRollout(await getItem(table, rolloutKey(id)));
}

/** All roll-outs, oldest first; one that cannot be read does not hide the others. */
export async function listRollouts(table: Table): Promise<Page<Rollout>> {
  const found: Item[] = [];
  for await (const page of collectionPages(table, 'rollout')) found.push(...page);
  return readPage((item) => readRollout(item), found);
}

/** The open roll-out that a version takes part in, as the old or the new one; undefined if there is none. @throws UnreadableItem */
export async function openRolloutOf(table: Table, baseline: BaselineReference): Promise<Rollout | undefined> {
  return (await claimOn(table, baseline)).open;
}

async function claimOn(
  table: Table,
  baseline: BaselineReference,
): Promise<{ readonly holder?: string; readonly open?: Rollout }> {
  const claim = readClaim(await getItem(table, claimKey(baseline)));
  if (!claim) return {};
  const rollout = await getRollout(table, claim.rolloutId);
  return { holder: claim.rolloutId, ...(rollout && isOpen(rollout) && { open: rollout }) };
}

/**
 * Saves a new roll-out, which claims both of its versions: a version takes part in one open roll-out at most, and so does an account.
 * @returns the open roll-out that has one of them; undefined if this one is saved
 */
export async function createRollout(table: Table, rollout: Rollout): Promise<Rollout | undefined> {
  for (;;) {
    const claims: TransactWrites = [];
    for (const baseline of [rollout.from, rollout.to]) {
      const { holder, open } = await claimOn(table, baseline);
      if (open) return open;
      const Item = { ...claimKey(baseline), rolloutId: rollout.id };
      // A roll-out that has ended stays so: its claim may be replaced, unless somebody else has replaced it.
      claims.push({ Put: { TableName: table.name, Item, ...claimIs(holder) } });
    }
    const Put = { TableName: table.name, Item: rolloutItem(rollout), ...IF_ABSENT };
    if (await writeTogether(table, [{ Put }, ...claims])) return undefined;
  }
}

function claimIs(rolloutId: string | undefined): WriteCondition {
  if (rolloutId === undefined) return IF_ABSENT;
  return {
    ConditionExpression: 'rolloutId = :claim',
    ExpressionAttributeValues: { ':claim': rolloutId },
  };
}

/** Saves a roll-out if the stored one still has the previous version; returns false if somebody else saved first. */
export async function saveRollout(table: Table, rollout: Rollout): Promise<boolean> {
  return putItem(table, rolloutItem(rollout), ifVersion(rollout.version - 1));
}

/** Saves which accounts a roll-out moves, with the stage that follows. Returns false if somebody else saved first. */
export async function savePlan(
  table: Table,
  rollout: Rollout,
  plan: PlanName,
  waves: readonly (readonly string[])[],
): Promise<boolean> {
  const TableName = table.name;
  const expiresAt = expiresIn(2 * KEPT_SECONDS, new Date());
  const item = { ...planKey(rollout.id, plan), waves, expiresAt };
  return writeTogether(table, [
    { Put: { TableName, Item: rolloutItem(rollout), ...ifVersion(rollout.version - 1) } },
    { Put: { TableName, Item: item } },
  ]);
}

/** The accounts of a roll-out, by wave; none before they are listed. @throws UnreadableItem */
export async function getPlan(table: Table, id: string, plan: PlanName): Promise<string[][]> {
  return readPlan(await getItem(table, planKey(id, plan)))?.waves ?? [];
}

/** For a transaction: nobody has saved the roll-out since it was read. */
export function rolloutUnchanged(table: Table, { id, version }: Rollout): TransactWrites[number] {
  return { ConditionCheck: { TableName: table.name, Key: rolloutKey(id), ...ifVersion(version) } };
}

/** Ids of the roll-outs that are due, one Query a page. */
export async function* dueRollouts(table: Table, now: Date): AsyncGenerator<string[]> {
  for await (const page of duePages(table, DUE, now))
    yield page.map(({ pk }) => String(pk).slice('rollout#'.length));
}

function rolloutItem(rollout: Rollout): Item & { pk: string; sk: string } {
  const { id, startedAt, dueAt } = rollout;
  return {
    ...rollout,
    ...rolloutKey(id),
    collection: 'rollout',
    collectionKey: `${startedAt}#${id}`,
    ...(dueAt !== undefined && { due: DUE }),
    ...(!isOpen(rollout) && { expiresAt: expiresIn(KEPT_SECONDS, new Date(rollout.changedAt)) }),
  };
}
