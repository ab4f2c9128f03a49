import { putEvents } from '../../shared/aws/bus.ts';
import { LONGEST_DELAY_SECONDS, sendCreation } from '../../shared/aws/queue.ts';
import type { Creation } from '../../shared/domain/creation.ts';
import { AccessDenied, ControllerError, UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { CreationMessage } from '../../shared/domain/work.ts';
import {
  getCreation,
  noteUnreadableCreation,
  unreadableCreationNoted,
} from '../../shared/store/creations.ts';
import { FAILURES, nextCreation } from '../engine/retry.ts';
import { moveAndRegister } from './move-and-register.ts';
import { denied, findRequested, pollAccount, requestAccount } from './request-account.ts';
import { after, type CreationDeps, SOON_MS, save } from './transition.ts';

/** AWS's result may arrive before AWS's id of the request is recorded; after this time it is recorded. */
const RECORDED_SECONDS = 5;

/**
 * Advances a request as far as possible: requested from AWS, created, moved, registered. If it must wait, a delayed message
 * continues it, or the tick of the minute if that message is lost. An extra message does nothing.
 * @returns the saved request; undefined if there is none with this key
 * @throws Overtaken if another message advanced it at the same time; UnreadableItem, after it was announced
 */
export async function advance(message: CreationMessage, deps: CreationDeps): Promise<Creation | undefined> {
  const { key, answered, dueAt } = message;
  const read = await sayingUnreadable(key, deps);
  if (!read) return undefined;
  if (answered && read.stage.is === 'calling' && !isDue(read, deps)) {
    await sendCreation(deps.main.creation, message, RECORDED_SECONDS);
    return read;
  }
  if (dueAt !== undefined && dueAt === read.dueAt && !isDue(read, deps)) {
    await sendForLater(read, deps);
    return read;
  }
  let creation = read;
  if (answered && read.stage.is === 'creating') creation = await step(read, deps);
  while (isDue(creation, deps)) creation = await step(creation, deps);
  if (creation !== read) await sendForLater(creation, deps);
  return creation;
}

/** Sends the message that continues the request when it is due; nothing if it is finished. */
async function sendForLater({ key, dueAt }: Creation, { main, now }: CreationDeps): Promise<void> {
  if (dueAt === undefined) return;
  const seconds = Math.ceil((Date.parse(dueAt) - now().getTime()) / 1000);
  const isFar = seconds > LONGEST_DELAY_SECONDS;
  await sendCreation(main.creation, { key, ...(isFar && { dueAt }) }, seconds);
}

/** Reads a request. An unreadable one is announced once, and read again when it is due, until it is corrected. */
async function sayingUnreadable(key: string, { main }: CreationDeps): Promise<Creation | undefined> {
  try {
    return await getCreation(main.table, key);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    const { reason, remedy } = error;
    const message = `${error.message} ${remedy}`;
    if ((await unreadableCreationNoted(main.table, key)) !== message) {
      const detail = { requestId: key, reason, message };
      await putEvents(main.bus, [{ detailType: 'AccountCreationFailed', detail }], OUR_SOURCE);
      await noteUnreadableCreation(main.table, key, message);
    }
    throw error;
  }
}

/** Whether the request is due now, or soon. */
function isDue({ dueAt }: Creation, { now }: CreationDeps): boolean {
  return dueAt !== undefined && Date.parse(dueAt) <= now().getTime() + SOON_MS;
}

/** One step. A known refusal of AWS is retried later. */
async function step(creation: Creation, deps: CreationDeps): Promise<Creation> {
  try {
    return await carryOut(creation, deps);
  } catch (error) {
    if (!(error instanceof ControllerError)) throw error;
    const { stage } = creation;
    if (stage.is === 'waiting' && error instanceof AccessDenied)
      return denied({ ...creation, stage }, error, deps);
    const next = nextCreation(FAILURES[error.name].creation, error, deps.now());
    if (next.is !== 'after') throw error;
    const message = [error.message, error.remedy].filter(Boolean).join(' ');
    return save(creation, { stage, due: after(next.seconds, deps), message }, deps);
  }
}

async function carryOut(creation: Creation, deps: CreationDeps): Promise<Creation> {
  const { stage } = creation;
  switch (stage.is) {
    case 'waiting':
      return requestAccount({ ...creation, stage }, deps);
    case 'calling':
      return findRequested({ ...creation, stage }, deps);
    case 'creating':
      return pollAccount({ ...creation, stage }, deps);
    case 'created':
      return moveAndRegister({ ...creation, stage }, deps);
    case 'registered':
    case 'failed':
      return creation;
  }
}
