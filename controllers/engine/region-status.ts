import { EnableRegionCommand, GetRegionOptStatusCommand } from '@aws-sdk/client-account';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import {
  AccountNotReady,
  Conflict,
  ControllerError,
  InvalidDesiredState,
} from '../../shared/domain/errors.ts';

/** What services say in a region that is not enabled in the account, or of an account that AWS is still activating. */
const MAY_BE_DISABLED = new Set(['CredentialsUnknown', 'OptInRequired']);

/** Session policies for the two calls, by what they are for. */
export const REGION_POLICIES = {
  read: policyFor('account:GetRegionOptStatus'),
  enable: policyFor('account:EnableRegion'),
} as const;

/** How the account is asked about a region. */
export interface RegionAccess {
  /** Opens a session with one of `REGION_POLICIES`. */
  readonly open: (purpose: keyof typeof REGION_POLICIES) => Promise<Pick<MemberClients, 'account'>>;
  /** True if the baseline says `enableRegions`, and the run may write; asked where a region is disabled. */
  readonly mayEnable: () => Promise<boolean>;
}

/**
 * The failure of a unit in a region, made precise: a region that is not enabled in the account is enabled where that may be
 * done, and reported otherwise. AWS is asked only after a failure that may come from that; every other failure is returned
 * as it is, and so is this one where AWS does not tell. An answer that cannot be read is the failure of the unit, not of the
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

/** True if a region that is not enabled in the account may be the cause of the failure. Pure. */
export function mayComeFromRegion(failure: unknown): failure is AccountNotReady {
  return failure instanceof AccountNotReady && MAY_BE_DISABLED.has(failure.reason);
}

/** Undefined where the account does not tell: then the failure itself says what may be done. */
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
    // Somebody enables or disables a region of the account at this moment.
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
    remedy: 'Wait: it takes some minutes, at times hours.',
    retryAfterSeconds: 300,
  });
}

function notEnabled(region: string, cause: Error): InvalidDesiredState {
  return new InvalidDesiredState(`The region ${region} is not enabled in the account.`, [], {
    cause,
    reason: 'RegionNotEnabled',
    remedy:
      'Enable it in the account, say `enableRegions: true` in the baseline, or take it out of `regions`; then sweep the account.',
  });
}

function policyFor(action: string): string {
  const Statement = [{ Effect: 'Allow', Action: [action], Resource: ['*'] }];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
