import { z } from 'zod';
import { AccountId, type AccountRecord } from '../domain/account.ts';
import type { WantedCluster } from '../domain/clusters.ts';
import type { Exception } from '../domain/exceptions.ts';
import { Region } from '../domain/region.ts';
import { WorkMessage } from '../domain/work.ts';
import { PauseItem } from './controls.ts';
import { type Fields, reader } from './item.ts';

/** A baseline at a version, as items name it. */
export const BaselineAt = z.looseObject({ name: z.string(), version: z.int() });
/** An event that is owed to the bus, as items hold it. */
export const Announced = z.looseObject({
  detailType: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
const Texts = z.record(z.string(), z.string());
const clusterFields: Fields<WantedCluster> = {
  name: z.string(),
  request: z.string(),
  requester: z.string(),
  region: Region,
  instanceType: z.string(),
  count: z.int(),
  release: z.string(),
  requestedAt: z.string(),
  until: z.string(),
  idleMinutes: z.int().optional(),
  released: z.string().optional(),
};
/** The stored form of an exception. */
export const ExceptionItem: z.ZodType<Exception> = z.looseObject({
  path: z.string(),
  until: z.string(),
  because: z.string(),
  request: z.string(),
  at: z.string(),
  requestedBy: z.string().exactOptional(),
  sentBy: z.string().exactOptional(),
  iKnow: z.literal(true).exactOptional(),
  endedAt: z.string().exactOptional(),
});

const fields: Fields<AccountRecord> = {
  schemaVersion: z.literal(1),
  accountId: AccountId,
  name: z.string(),
  namedByRequest: z.literal(true).optional(),
  email: z.string().optional(),
  origin: z.enum(['created', 'joined', 'invited']),
  lifecycle: z.enum(['unmanaged', 'managed', 'retiring', 'retired', 'departed']),
  lifecycleReason: z.string().optional(),
  generation: z.int(),
  keptSince: z.int().optional(),
  paused: z.boolean(),
  pause: PauseItem.optional(),
  mode: z.enum(['enforce', 'observe']),
  baseline: BaselineAt.optional(),
  baselineBy: z.enum(['rules', 'request']).optional(),
  unit: z.string().optional(),
  externalId: z.string(),
  executionRoleArn: z.string().optional(),
  accessRoleName: z.string().optional(),
  network: z.looseObject({ vpcId: z.string(), subnetIds: z.array(z.string()) }).optional(),
  regions: z.array(Region).optional(),
  clearing: z.array(Region).optional(),
  clusters: z.array(z.looseObject(clusterFields)).optional() as z.ZodType<AccountRecord['clusters']>,
  exceptions: z.array(ExceptionItem).optional(),
  values: Texts,
  tags: Texts,
  registeredAt: z.string(),
  changedBy: z.string(),
  changedAt: z.string().optional(),
  assigned: z.looseObject({ at: z.string(), since: z.string() }).optional(),
  removal: z.looseObject({ by: z.string(), at: z.string(), since: z.string() }).optional(),
  followed: z.array(z.string()).optional(),
  owed: z.looseObject({ announce: z.array(Announced), work: z.array(WorkMessage) }).optional(),
  dueAt: z.string().optional(),
  requestedAt: z.string(),
};

/** Reads the record of an account. */
export const readRecord = reader<AccountRecord>(fields);
