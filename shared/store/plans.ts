import { gunzipSync, gzipSync } from 'node:zlib';
import type { Table } from '../aws/main-clients.ts';
import { PLAN_SECONDS, PlanAnswer } from '../domain/plan.ts';
import { ITEM_ROOM } from './item-size.ts';
import { expiresIn, getItem, putItem } from './table.ts';

/** Saves the text of the baseline file of a plan for an hour, under the id of the request. */
export async function putPlanText(table: Table, planId: string, text: string, now: Date): Promise<void> {
  await put(table, planId, 'baseline', { text }, now);
}

/** The text of the baseline file of a plan; undefined if the request had none, or it has expired. */
export async function getPlanText(table: Table, planId: string, now: Date): Promise<string | undefined> {
  const text = (await get(table, planId, 'baseline', now))?.text;
  return typeof text === 'string' ? text : undefined;
}

/** Saves the answer to a request for a plan for an hour, compressed. Idempotent. */
export async function putPlanAnswer(
  table: Table,
  planId: string,
  answer: PlanAnswer,
  now: Date,
): Promise<void> {
  const packed = pack(answer);
  const fits = packed.byteLength <= ITEM_ROOM;
  await put(table, planId, 'answer', { answer: fits ? packed : pack(tooLarge(answer)) }, now);
}

/** The answer to a request for a plan; undefined if there is none yet, or it has expired. */
export async function getPlanAnswer(
  table: Table,
  planId: string,
  now: Date,
): Promise<PlanAnswer | undefined> {
  const answer = (await get(table, planId, 'answer', now))?.answer;
  if (!(answer instanceof Uint8Array)) return undefined;
  return PlanAnswer.parse(JSON.parse(gunzipSync(answer).toString('utf8')));
}

function pack(answer: PlanAnswer): Uint8Array {
  return gzipSync(JSON.stringify(answer));
}

function tooLarge(answer: PlanAnswer): PlanAnswer {
  const count = answer.is === 'planned' ? answer.document.differences.length : 0;
  const message = `The plan is too large to be handed over (differences: ${count}): plan with a baseline of fewer sections (--baseline FILE).`;
  return { is: 'failed', message };
}

async function put(table: Table, planId: string, sk: string, content: object, now: Date): Promise<void> {
  const expiresAt = expiresIn(PLAN_SECONDS, now);
  await putItem(table, { pk: `plan#${planId}`, sk, ...content, expiresAt });
}

/** DynamoDB may take days to delete an expired item; it counts as deleted at once. */
async function get(table: Table, planId: string, sk: string, now: Date) {
  const item = await getItem(table, { pk: `plan#${planId}`, sk });
  return item && Number(item.expiresAt) * 1000 > now.getTime() ? item : undefined;
}
