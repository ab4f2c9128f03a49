import type { Access } from '../../shared/aws/access.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/domain/errors.ts';
import type { AccountStatus, Condition } from '../../shared/domain/status.ts';
import { type Diagnosis, diagnose, wrongExternalId } from './diagnose.ts';
import { type Clock, eventually } from './eventually.ts';
import type { RoleInQuestion } from './role-in-question.ts';

/** What the execution role admits, as tried by the runner. */
export type Verdict = { readonly ok: true } | ({ readonly ok: false } & Diagnosis);

/** A probe's session may do nothing at all. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

/** What a verification needs beside the role. */
export interface VerifyOptions {
  readonly passId: string;
  /** Changed in this pass, or wanted otherwise since: IAM is given 10 s to show it, in both directions. */
  readonly changed: boolean;
  readonly clock?: Clock;
}

/**
 * Tries the execution role as the runner: it must be assumable with the account's ExternalId, and refused without
 * one and with a wrong one. A refusal that is missing right after a change is propagation too.
 * @throws AccountNotReady, Throttled … when it could not be tried
 */
export async function verifyRole(
  access: Pick<Access, 'tryRole'>,
  role: RoleInQuestion,
  { passId, changed, clock }: VerifyOptions,
): Promise<Verdict> {
  const session = { name: passId, policy: NOTHING };
  const attempt = async (externalId: string | undefined): Promise<AccessDenied | undefined> => {
    try {
      await access.tryRole(role.roleArn, session, externalId);
      return undefined;
    } catch (error) {
      if (error instanceof AccessDenied) return error;
      throw error;
    }
  };
  /** Tries until it is as expected, or no longer worth it; what became of it in the end. */
  const expect = async (externalId: string | undefined, admitted: boolean) => {
    let denial: AccessDenied | undefined;
    const once = async () => {
      denial = await attempt(externalId);
      if (changed && admitted !== !denial) throw new NotYetConsistent('not yet as the trust policy says');
    };
    await eventually(once, [], clock).catch((error: unknown) => {
      if (!(error instanceof NotYetConsistent)) throw error;
    });
    return denial;
  };
  const [withIt, without, withWrong] = await Promise.all([
    expect(role.externalId, true),
    expect(undefined, false),
    expect(wrongExternalId(role.externalId), false),
  ]);
  const diagnosis = diagnose({ withIt, without, withWrong }, role);
  return diagnosis ? { ok: false, ...diagnosis } : { ok: true };
}

/**
 * True when the role must be tried: it is not as desired, was changed or is open (`amiss`), the last try did not
 * succeed, or desired state (the ExternalId, the role) changed since. A healthy pass tries nothing.
 */
export function needsVerifying(
  old: Condition | undefined,
  amiss: boolean,
  seen: { readonly record: AccountRecord; readonly before: AccountStatus | undefined },
): boolean {
  return amiss || old?.status !== 'True' || isNew(seen);
}

/** True until a pass is over that saw what is desired now. */
export function isNew({
  record,
  before,
}: {
  readonly record: AccountRecord;
  readonly before: AccountStatus | undefined;
}): boolean {
  return before?.observedGeneration !== record.generation;
}
