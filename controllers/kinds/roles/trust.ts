import type { Lookup } from '../../../shared/domain/interpolate.ts';
import { missingImport } from '../iam-role/imported.ts';
import type { PolicyDocument } from '../kind.ts';

/** The principals of a trust policy that another account would export. */

/** A trust policy as far as its principals are known. */
interface KnownTrust {
  readonly policy: Record<string, unknown>;
  /** Names of imports that no account exports. */
  readonly missing: readonly string[];
  /** True if no statement is left: the policy denies everybody, and a role that does not exist is not made with it. */
  readonly deniesAll: boolean;
}

/**
 * The trust policy without the imports that no account exports: such a principal is nobody, so that an export that ends takes its
 * access along. A statement that allows nobody is left out; in a Deny, and in NotPrincipal, nothing is left out. Pure.
 */
export function knownTrust(policy: Readonly<Record<string, unknown>>, lookup: Lookup): KnownTrust {
  const missing: string[] = [];
  const isMissing = (item: unknown): boolean => {
    const name = missingImport(item, lookup);
    if (name !== undefined) missing.push(name);
    return name !== undefined;
  };
  const known = (statement: unknown): unknown[] => {
    if (!isGroup(statement) || statement.Effect !== 'Allow' || !isGroup(statement.Principal))
      return [statement];
    const before = missing.length;
    const left = Object.entries(statement.Principal).flatMap(([type, named]) => {
      if (!Array.isArray(named)) return isMissing(named) ? [] : [[type, named] as const];
      const there = named.filter((item) => !isMissing(item));
      return there.length > 0 ? [[type, there] as const] : [];
    });
    if (missing.length === before) return [statement];
    return left.length > 0 ? [{ ...statement, Principal: Object.fromEntries(left) }] : [];
  };
  const { Statement } = policy;
  const statements = (Array.isArray(Statement) ? Statement : [Statement]).flatMap(known);
  if (missing.length === 0) return { policy, missing, deniesAll: false };
  const deniesAll = !statements.some((one) => isGroup(one) && one.Effect === 'Allow');
  const Denied = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };
  return {
    policy: { ...policy, Statement: deniesAll ? [...statements, Denied] : statements },
    missing: [...new Set(missing)],
    deniesAll,
  };
}

function isGroup(value: unknown): value is PolicyDocument {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
