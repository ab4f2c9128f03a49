import { z } from 'zod';
import { AccountId } from '../domain/account.ts';
import { Cause } from '../domain/cause.ts';
import { ExportedValue, ExportName } from '../domain/imports.ts';
import {
  type AccountStatus,
  type Condition,
  differenceFields,
  type Home,
  type Leftover,
  type PassRecord,
} from '../domain/status.ts';
import { type Fields, type Item, reader } from './item.ts';
import { Announced, BaselineAt, ExceptionItem } from './record-item.ts';

const condition = {
  type: z.string(),
  region: z.string().exactOptional(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  changedAt: z.string(),
} satisfies Fields<Condition>;
const pass = {
  id: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  cause: Cause.loose(),
  baseline: BaselineAt,
  result: z.enum(['unchanged', 'corrected', 'drifted', 'waiting', 'failed']),
  calls: z.looseObject({ reads: z.number(), writes: z.number() }),
  differences: z.array(z.looseObject(differenceFields)),
  differencesOmitted: z.int().exactOptional(),
} satisfies Fields<PassRecord>;
const home: Fields<Home> = { region: z.string(), baseline: BaselineAt };
const leftover: Fields<Leftover> = {
  ...home,
  kind: z.string(),
  outputs: z.record(z.string(), z.string()),
};
const fields: Fields<AccountStatus> = {
  schemaVersion: z.literal(1),
  accountId: AccountId,
  version: z.int(),
  observedGeneration: z.int(),
  ready: z.boolean(),
  retired: z.literal(true).optional(),
  readySince: z.string().optional(),
  unreadySince: z.string().exactOptional(),
  degraded: z.literal(true).exactOptional(),
  conditions: z.array(z.looseObject(condition)),
  outputs: z.record(z.string(), z.string()),
  home: z.looseObject({ ...home, inferred: z.literal(true).exactOptional() }).optional(),
  leftovers: z.array(z.looseObject(leftover)).optional(),
  making: z.array(z.looseObject(home)).optional(),
  admitted: z.looseObject({ roleArn: z.string(), externalId: z.string(), at: z.string() }).optional(),
  foreign: z.array(z.string()),
  exceptions: z.array(ExceptionItem).optional(),
  excepted: z.array(z.looseObject(differenceFields)).optional(),
  dueAt: z.string().optional(),
  waiting: z
    .looseObject({
      since: z.string(),
      attempts: z.int(),
      for: z.enum(['account', 'consistency', 'making', 'remedy']).exactOptional(),
    })
    .optional(),
  lastPass: z.looseObject(pass).optional(),
  unannounced: z.array(Announced).optional(),
  exports: z.record(ExportName, ExportedValue).optional(),
  imports: z.array(ExportName).optional(),
  waking: z.array(ExportName).optional(),
};

const readSaved = reader<AccountStatus>(fields);

/** Reads the status of an account; undefined where no pass has saved one, whatever a lease or a note left there. */
export function readStatus(item: Item | undefined): AccountStatus | undefined {
  const status = item?.version === 0 ? undefined : readSaved(item);
  return status && withHome(status);
}

/**
 * A status that was saved before homes were recorded gets the region of the parameters among its outputs, which are ARNs, and
 * the baseline of its last run. It stays without a home where the outputs name no region. Pure.
 */
function withHome(status: AccountStatus): AccountStatus {
  const { home: recorded, lastPass, outputs } = status;
  const arns = Object.values(outputs).map((value) => value.split(':'));
  const region = arns.find(([arn, , service]) => arn === 'arn' && service === 'ssm')?.[3];
  if (recorded || !lastPass || !region) return status;
  return { ...status, home: { region, baseline: lastPass.baseline, inferred: true } };
}

/** Where runs of an account began to write that never saved a status: home, and every place in which one may have made things. */
export interface Begun {
  readonly begun?: Home;
  readonly making?: readonly Home[];
}

/** Where runs began to write, if none has saved a status. */
export function readBegun(item: Item | undefined): Begun {
  if (item?.version !== 0) return {};
  const { home: begun, making } = readUnsaved(item);
  return { ...(begun && { begun }), ...(making && { making }) };
}
const readUnsaved = reader<{ readonly home?: Home; readonly making?: readonly Home[] }>({
  home: z.looseObject(home).optional(),
  making: z.array(z.looseObject(home)).optional(),
});

/** Reads a line of an account's history. */
export const readPass = reader<PassRecord>(pass);
