import { putEvents } from '../../shared/aws/bus.ts';
import type { Creation, CreationStage } from '../../shared/domain/creation.ts';
import { freeSlot } from '../../shared/domain/creation-rate-limit.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { changeRateLimit } from '../../shared/store/creation-rate-limits.ts';
import { saveCreation } from '../../shared/store/creations.ts';
import type { FleetDeps } from '../fleet/outcome.ts';
import type { Creator } from './creator.ts';

/** The dependencies of the function create-account. */
export interface CreationDeps extends FleetDeps {
  readonly creator: Creator;
  readonly now: () => Date;
  /** When this invocation ends at the latest: after that, none of its calls is in progress. */
  readonly until: Date;
}

/** What is due within this time is due now: messages of SQS are late or early by less. */
export const SOON_MS = 1_000;

/** A request at this stage. */
export type CreationAt<Stage extends CreationStage['is']> = Creation & {
  readonly stage: Extract<CreationStage, { is: Stage }>;
};

/** Another message advanced the request first: the decision made here is void. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The next state of a request: its stage, when it is due (absent if it is finished), and a message for people. */
export interface Transition {
  readonly stage: CreationStage;
  readonly due?: Date;
  readonly message?: string;
}

/** Saves the next state of a request and returns it. @throws Overtaken if another message saved first */
export async function save(creation: Creation, change: Transition, deps: CreationDeps): Promise<Creation> {
  const { dueAt: _, message: __, ...same } = creation;
  const saved: Creation = {
    ...same,
    version: creation.version + 1,
    stage: change.stage,
    ...(change.due && { dueAt: change.due.toISOString() }),
    ...(change.message && { message: change.message }),
  };
  if (await saveCreation(deps.main.table, saved)) return saved;
  throw new Overtaken(`Another message advanced the request ${creation.key} first.`);
}

/** Frees the request's slot for the next one. */
export async function leave(creation: Creation, deps: CreationDeps): Promise<void> {
  await changeRateLimit(deps.main.table, (limit) => ({
    limit: Object.hasOwn(limit.inside, creation.key) ? freeSlot(limit, creation.key) : limit,
    result: undefined,
  }));
}

/** Fails a request and announces AccountCreationFailed. */
export async function fail(
  creation: Creation,
  reason: string,
  message: string,
  deps: CreationDeps,
): Promise<Creation> {
  const { request, stage, cause } = creation;
  const creationId = 'creationId' in stage ? stage.creationId : undefined;
  await leave(creation, deps);
  const detail = {
    ...(creationId && { creationId }),
    name: request.name,
    email: request.email,
    ...(request.requestId && { requestId: request.requestId }),
    reason,
    message,
    cause,
  };
  await putEvents(deps.main.bus, [{ detailType: 'AccountCreationFailed', detail }], OUR_SOURCE);
  return save(
    creation,
    { stage: { is: 'failed', reason, ...(creationId && { creationId }) }, message },
    deps,
  );
}

/** The time this many seconds from now. */
export function after(seconds: number, { now }: Pick<CreationDeps, 'now'>): Date {
  return new Date(now().getTime() + seconds * 1000);
}
