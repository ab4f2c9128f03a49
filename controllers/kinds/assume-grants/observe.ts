import { statementsOf } from '../iam-role/administrators.ts';
import { grantOutput, type PrincipalType } from '../iam-role/granted.ts';
import type { KindContext, Observation } from '../kind.ts';
import { readArn, readPolicy } from './principals.ts';
import { type AssumeGrants, type Principal, sidPrefix } from './section.ts';

/** What the account has: the principals of the desired grants with their policies, and our policies on other principals. */
export interface ActualGrants {
  /** By type and name: `role/reader`. */
  readonly found: Readonly<Record<string, ActualGrant>>;
  /** Principals that the baseline no longer names, and that still have our policy. */
  readonly dropped: readonly DroppedGrant[];
}

/** A principal that the baseline names. */
export interface ActualGrant {
  /** Its ARN with its path; absent if the principal does not exist. */
  readonly arn?: string;
  /** Its policy `orgkeeper-assume`, URL-encoded, if it has one. */
  readonly policy?: { readonly document: string; readonly isOurs: boolean };
}

interface DroppedGrant extends Principal {
  readonly arn: string;
}

/** True if the name of the principal is known. Pure. */
export function isNamed({ name }: Principal): boolean {
  return !name.includes('${');
}

/** The key of a principal: `role/reader`. Pure. */
export function keyOf({ type, name }: Principal): string {
  return `${type}/${name}`;
}

/**
 * See Kind. Reads the policy of each principal, all at once; the principal itself only if the policy is absent or was not recorded.
 */
export async function observe(
  { grants, owner }: AssumeGrants,
  context: KindContext,
): Promise<Observation<ActualGrants>> {
  const named = grants.filter(isNamed);
  const [each, dropped] = await Promise.all([
    Promise.all(named.map(async (one) => [keyOf(one), await observeOne(one, owner, context)] as const)),
    // The principal whose name is not known may be any of those that were recorded.
    named.length === grants.length ? observeDropped(named, context) : [],
  ]);
  const found = Object.fromEntries(each);
  const all = Object.values(found);
  const isAbsent = all.every(({ arn, policy }) => arn !== undefined && policy === undefined);
  if (isAbsent && dropped.length === 0) return { state: 'absent' };
  return { state: 'present', actual: { found, dropped } };
}

async function observeOne(principal: Principal, owner: string, context: KindContext): Promise<ActualGrant> {
  const output = grantOutput(principal.type, principal.name);
  const recorded = context.recorded[output];
  const document = await readPolicy(principal, context);
  if (document !== undefined && recorded !== undefined) {
    return { arn: recorded, policy: { document, isOurs: true } };
  }
  if (recorded !== undefined) context.record({ [output]: undefined });
  const arn = await readArn(principal, context);
  return {
    ...(arn !== undefined && { arn }),
    ...(document !== undefined && { policy: { document, isOurs: hasOurSids(document, owner) } }),
  };
}

/** Our policies on principals that the baseline no longer names; those that are gone are forgotten. */
async function observeDropped(named: readonly Principal[], context: KindContext): Promise<DroppedGrant[]> {
  const keys = new Set(named.map(keyOf));
  const others = recordedGrants(context.recorded).filter((one) => !keys.has(keyOf(one)));
  const each = await Promise.all(
    others.map(async (one) => {
      if ((await readPolicy(one, context)) !== undefined) return [one];
      context.record({ [grantOutput(one.type, one.name)]: undefined });
      return [];
    }),
  );
  return each.flat();
}

/** True if every statement has a Sid as this Orgkeeper gives them. Pure. */
export function hasOurSids(document: string, owner: string): boolean {
  const statements = statementsOf(document);
  return statements.length > 0 && statements.every(({ Sid }) => Sid?.startsWith(sidPrefix(owner)));
}

/** The principals on which a policy of ours was recorded. Pure. */
export function recordedGrants(recorded: Readonly<Record<string, string>>): DroppedGrant[] {
  return Object.entries(recorded).flatMap(([output, arn]) => {
    const [, type, name] = /^assumeGrant\.(user|group|role)\/(.+)$/.exec(output) ?? [];
    return type && name ? [{ type: type as PrincipalType, name, arn }] : [];
  });
}

/** See Kind. */
export function outputs({ found, dropped }: ActualGrants): Record<string, string> {
  const ours = Object.entries(found).flatMap(([key, { arn, policy }]) =>
    arn !== undefined && policy?.isOurs ? [[`assumeGrant.${key}`, arn] as const] : [],
  );
  const others = dropped.map(({ type, name, arn }) => [grantOutput(type, name), arn] as const);
  return Object.fromEntries([...ours, ...others]);
}
