import type { Access } from '../../shared/access.ts';
import type { AccountRecord } from '../../shared/account.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/errors.ts';
import type { AccountStatus, Condition } from '../../shared/status.ts';
import { eventually } from './eventually.ts';

/** What the execution role admits, as tried by the runner. */
export type Verdict =
  | { readonly ok: true }
  /** `settling`: the role was changed a moment ago, so that IAM may not show it everywhere yet. */
  | { readonly ok: false; readonly settling: boolean; readonly reason: string; readonly message: string };

/** A probe's session may do nothing at all. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

/**
 * Tries the execution role as the runner: it must be assumable with the account's ExternalId, and refused without
 * one and with a wrong one. A change of the role is given 10 s to be seen, in both directions: a refusal that is
 * missing right after a change is propagation too.
 */
export async function verifyRole(
  access: Pick<Access, 'tryRole'>,
  record: AccountRecord,
  roleArn: string,
  options: { passId: string; changed: boolean },
): Promise<Verdict> {
  const session = { name: options.passId, policy: NOTHING };
  const settled = options.changed ? eventually : <T>(call: () => Promise<T>) => call();
  const admits = async (externalId: string | undefined): Promise<boolean> => {
    try {
      await access.tryRole(roleArn, session, externalId);
      return true;
    } catch (error) {
      if (error instanceof AccessDenied) return false;
      throw error;
    }
  };
  const expect = (externalId: string | undefined, expected: boolean): Promise<boolean> =>
    settled(async () => {
      if ((await admits(externalId)) === expected) return true;
      if (options.changed)
        throw new NotYetConsistent(`${roleArn} does not yet behave as its trust policy says.`);
      return false;
    }).catch((error: unknown) => {
      if (error instanceof NotYetConsistent) return false;
      throw error;
    });
  const [withIt, without, withWrong] = await Promise.all([
    expect(record.externalId, true),
    expect(undefined, false),
    expect(`${record.externalId.slice(0, 1_000)}-wrong`, false),
  ]);
  const settling = options.changed;
  if (!withIt) {
    return {
      ok: false,
      settling,
      reason: 'NotAssumable',
      message: `${roleArn} cannot be assumed by the runner with the account's ExternalId; check its trust policy, and service control policies that deny sts:AssumeRole.`,
    };
  }
  if (!without || !withWrong) {
    const how = without ? 'with a wrong ExternalId' : 'without an ExternalId';
    return {
      ok: false,
      settling,
      reason: 'AssumableWithoutExternalId',
      message: `${roleArn} can be assumed ${how}; its trust policy must require sts:ExternalId.`,
    };
  }
  return { ok: true };
}

/**
 * True when the role must be tried: it was changed, the last try did not succeed, or desired state (the ExternalId,
 * the role) changed since. A healthy pass tries nothing.
 */
export function needsVerifying(
  old: Condition | undefined,
  changed: boolean,
  seen: { readonly record: AccountRecord; readonly before: AccountStatus | undefined },
): boolean {
  return changed || old?.status !== 'True' || seen.before?.observedGeneration !== seen.record.generation;
}
