import { EnableRegionCommand, GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import { actionsOf, type Command, REGION_COMMANDS } from '../../shared/aws/actions.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import {
  AccountNotReady,
  Conflict,
  ControllerError,
  InvalidDesiredState,
  ServiceFault,
} from '../../shared/domain/errors.ts';
import { GLOBAL, type Unit } from '../../shared/domain/unit.ts';
import type { CallGate, ObservedUnit } from './model.ts';

/**
 * What happens in an account if a region is down, or not enabled in the account. The units of a region that does not answer fail with
 * `RegionSilent` when their time is over; those of a region that is not enabled fail with `EnablingRegion` or `RegionNotEnabled`. The
 * units of other regions are not affected.
 */

/** How long a unit may be observed, and written or removed, before this run abandons it. */
export const OBSERVING_MS = 60_000;
export const WRITING_MS = 180_000;

/** Reason of a unit that a run abandoned because its region did not answer in time. */
export const REGION_SILENT = 'RegionSilent';

/** Limits the calls of one unit, so that a region that does not answer delays only its own units. */
interface UnitGate {
  readonly gate: CallGate;
  /** Waits for the work of the unit, at most until the unit's deadline. @throws ServiceFault (`RegionSilent`) */
  within<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Gives a unit a deadline of its own within that of the run. After it `within` rejects at once, and the gate refuses every further
 * call of the unit, so that abandoned work writes nothing after the status is saved.
 */
export function openUnitGate(
  gate: CallGate,
  { region, milliseconds }: { readonly region: string; readonly milliseconds: number },
  now: () => Date,
): UnitGate {
  const end = now().getTime() + milliseconds;
  const silent = () =>
    new ServiceFault(`AWS did not answer in ${region} within ${Math.round(milliseconds / 1000)} s.`, {
      reason: REGION_SILENT,
      remedy: `The next run tries again; look at the AWS Health Dashboard for ${region}.`,
    });
  let isOver = false;
  return {
    gate: {
      ...gate,
      deadline: new Date(Math.min(gate.deadline.getTime(), end)),
      isOver: () => isOver || gate.isOver(),
      check(call) {
        if (isOver) throw silent();
        gate.check(call);
      },
    },
    async within(work) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => {
            isOver = true;
            reject(silent());
          },
          Math.max(0, end - now().getTime()),
        );
      });
      try {
        return await Promise.race([work(), limit]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Reasons that services give in a region that is not enabled in the account, or for an account that AWS is still activating. */
const MAY_BE_DISABLED = new Set(['CredentialsUnknown', 'OptInRequired']);

/** Session policies of the two calls that read and enable a region. */
export const REGION_POLICIES = {
  read: policyFor(REGION_COMMANDS.read),
  enable: policyFor(REGION_COMMANDS.enable),
} as const;

/** Reads and enables a region of the account. */
export interface RegionAccess {
  /** Opens a session with one of `REGION_POLICIES`. */
  readonly open: (purpose: keyof typeof REGION_POLICIES) => Promise<Pick<MemberClients, 'account'>>;
  /** True if the baseline says `enableRegions` and the run may write; called only for a disabled region. */
  readonly mayEnable: () => Promise<boolean>;
}

/**
 * Returns a precise failure for a unit in a region. A region that is not enabled in the account is enabled if that is allowed,
 * and reported otherwise. AWS is called only after a failure that such a region may cause; every other failure is returned
 * unchanged, and so is this one if AWS does not answer. An answer that cannot be read is the failure of the unit, not of the
 * run. Safe to repeat.
 */
export async function regionFailure(
  failure: unknown,
  region: string,
  { open, mayEnable }: RegionAccess,
): Promise<unknown> {
  if (!mayComeFromRegion(failure)) return failure;
  try {
    switch (await statusOf(region, open)) {
      case 'ENABLING':
        return beingEnabled(region, failure);
      case 'DISABLED':
        return (await mayEnable()) ? await enable(region, open, failure) : notEnabled(region, failure);
      case 'DISABLING':
        return notEnabled(region, failure);
      default:
        return failure;
    }
  } catch (error) {
    return error;
  }
}

/**
 * The units, with precise failures of those in a region that is not enabled in the account. AWS is called once for each such
 * region. Safe to repeat.
 */
export async function withRegionStatus<S extends { readonly one: ObservedUnit; readonly unit: Unit }>(
  seen: readonly S[],
  access: RegionAccess,
): Promise<S[]> {
  const causes = new Map<string, unknown>();
  for (const { one, unit } of seen) {
    const failure = failureOf(one);
    if (unit.region !== GLOBAL && mayComeFromRegion(failure)) causes.set(unit.region, failure);
  }
  const precise = new Map(
    await Promise.all(
      [...causes].map(async ([region, cause]) => {
        const error = await regionFailure(cause, region, access);
        return [region, error === cause ? undefined : error] as const;
      }),
    ),
  );
  return seen.map((each) => {
    const { one, unit } = each;
    const error = mayComeFromRegion(failureOf(one)) ? precise.get(unit.region) : undefined;
    return error ? { ...each, one: { ...one, observation: { state: 'failed', error } } } : each;
  });
}

function failureOf({ observation }: ObservedUnit): unknown {
  return observation.state === 'failed' ? observation.error : undefined;
}

/** True if a region that is not enabled in the account may be the cause of the failure. Pure. */
function mayComeFromRegion(failure: unknown): failure is AccountNotReady {
  return failure instanceof AccountNotReady && MAY_BE_DISABLED.has(failure.reason);
}

/** Undefined if the account denies the call: the failure of the unit then says what to do. */
async function statusOf(RegionName: string, open: RegionAccess['open']): Promise<string | undefined> {
  try {
    const { account } = await open('read');
    const { RegionOptStatus } = await account.send(new GetRegionOptStatusCommand({ RegionName }));
    return RegionOptStatus;
  } catch (error) {
    if (error instanceof ControllerError) return undefined;
    throw error;
  }
}

async function enable(
  RegionName: string,
  open: RegionAccess['open'],
  cause: Error,
): Promise<AccountNotReady> {
  try {
    const { account } = await open('enable');
    await account.send(new EnableRegionCommand({ RegionName }));
  } catch (error) {
    // A conflict: somebody else enables or disables a region of the account at the same time.
    if (!(error instanceof Conflict) && !isConflict(error)) throw error;
  }
  return beingEnabled(RegionName, cause);
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConflictException';
}

function beingEnabled(region: string, cause: Error): AccountNotReady {
  return new AccountNotReady(`AWS is enabling the region ${region} in the account.`, {
    cause,
    reason: 'EnablingRegion',
    remedy: 'Wait: AWS needs some minutes, sometimes hours.',
    retryAfterSeconds: 300,
  });
}

const NOT_ENABLED = 'RegionNotEnabled';

/** True for the failure of a unit in a region that is not enabled in the account. Pure. */
export function isNotEnabled(failure: unknown): boolean {
  return failure instanceof InvalidDesiredState && failure.reason === NOT_ENABLED;
}

function notEnabled(region: string, cause: Error): InvalidDesiredState {
  return new InvalidDesiredState(`The region ${region} is not enabled in the account.`, [], {
    cause,
    reason: NOT_ENABLED,
    remedy:
      'Enable it in the account, set `enableRegions: true` in the baseline, or remove it from `regions`; then sweep the account.',
  });
}

function policyFor(command: Command): string {
  const Statement = [{ Effect: 'Allow', Action: actionsOf([command]), Resource: ['*'] }];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
