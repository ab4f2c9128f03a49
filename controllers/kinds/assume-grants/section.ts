import { z } from 'zod';
import type { Problem } from '../../../shared/domain/errors.ts';
import { interpolate, interpolateDeep, type Lookup, unknownIn } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { formatPath, zodProblems } from '../../../shared/domain/requests.ts';
import type { PrincipalType } from '../iam-role/granted.ts';
import { missingImport } from '../iam-role/imported.ts';
import { characters } from '../iam-role/section.ts';
import type { KindAccount, PolicyDocument } from '../kind.ts';

/** The section `assumeGrants` of a baseline, and what the principals of an account may assume. */

/** Text that may contain `${…}`: such a text is checked by the same schema once the names are filled in. */
const pattern = (expected: RegExp, message: string) =>
  z.string().refine((text) => text.includes('${') || expected.test(text), message);

const name = (type: PrincipalType, most: number) =>
  pattern(
    new RegExp(`^[\\w+=,.@-]{1,${most}}$`),
    `the name of a ${type} is 1 to ${most} letters, digits and _+=,.@-, without its path`,
  ).optional();

const RoleArn = pattern(
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/,
  'the ARN of a role looks like arn:aws:iam::111122223333:role/reader; wildcards are not allowed',
);

const Grant = z
  .strictObject({
    user: name('user', 64),
    group: name('group', 128),
    role: name('role', 64),
    /** ARNs of the roles that the principal may assume. */
    assume: z.array(RoleArn).default([]),
    /** For a role: whether it may pass itself to a service. */
    passRole: z.boolean().default(false),
  })
  .superRefine((grant, context) => {
    const issue = (path: readonly string[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    if (typesOf(grant).length !== 1) issue([], 'has exactly one of user, group and role');
    if (grant.passRole && grant.role === undefined) issue(['passRole'], 'only a role can pass itself');
    if (grant.assume.length === 0 && !grant.passRole) issue(['assume'], 'names no role');
  });

/** `assumeGrants:` of a baseline. */
export const AssumeGrantsSection = z.array(Grant).max(100);
export type AssumeGrantsSection = z.infer<typeof AssumeGrantsSection>;

const TYPES: readonly PrincipalType[] = ['user', 'group', 'role'];

function typesOf(grant: Readonly<Partial<Record<PrincipalType, string | undefined>>>): PrincipalType[] {
  return TYPES.filter((type) => grant[type] !== undefined);
}

/** A user, a group or a role of the account. */
export interface Principal {
  readonly type: PrincipalType;
  readonly name: string;
}

/** What a principal of the account is to be allowed. */
export interface WantedGrant extends Principal {
  /** ARNs, sorted. */
  readonly assume: readonly string[];
  readonly passRole: boolean;
  /** Names of `${…}` that are not known yet: the grant is not written before. */
  readonly waitsFor: readonly string[];
  /** Names of imports that no account exports: the grant is written without them. */
  readonly missing: readonly string[];
  /** What IAM would reject with this account's values: this grant is not written, the others are. */
  readonly problems: readonly Problem[];
}

/** What the principals of an account are to be allowed. */
export interface AssumeGrants {
  readonly owner: string;
  readonly partition: string;
  readonly grants: readonly WantedGrant[];
}

/** Path of the section in a baseline. */
const ROOT = 'assumeGrants';

/**
 * The most characters, without whitespace, of all inline policies of a principal; AWS does not raise these quotas.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MOST_CHARACTERS: Readonly<Record<PrincipalType, number>> = { user: 2_048, group: 5_120, role: 10_240 };

/** See Kind. What IAM would reject is a problem of the one grant, with a path like `assumeGrants[2].assume[0]`. */
export function render(section: AssumeGrantsSection, lookup: Lookup, account: KindAccount): AssumeGrants {
  const grants = section.map((one, index) => renderGrant(one, `${ROOT}[${index}]`, lookup, account));
  return {
    owner: account.owner,
    partition: account.partition,
    grants: grants.map((grant, index) => {
      const twin = grants.slice(0, index).findIndex((other) => isSame(other, grant));
      if (twin < 0) return grant;
      const message = `the ${grant.type} ${grant.name} is listed in ${ROOT}[${twin}], too: list all its roles there`;
      return {
        ...grant,
        problems: [...grant.problems, { path: `${ROOT}[${index}].${grant.type}`, message }],
      };
    }),
  };
}

/** IAM does not tell upper from lower case in names. */
function isSame(one: Principal, other: Principal): boolean {
  return one.type === other.type && one.name.toLowerCase() === other.name.toLowerCase();
}

function renderGrant(
  given: AssumeGrantsSection[number],
  at: string,
  lookup: Lookup,
  account: KindAccount,
): WantedGrant {
  const [type = 'role'] = typesOf(given);
  const missing = given.assume.flatMap((element) => missingImport(element, lookup) ?? []);
  const known = given.assume.filter((element) => missingImport(element, lookup) === undefined);
  const texts = [given[type] ?? '', ...known];
  const waitsFor = [...new Set(texts.flatMap((text) => unknownIn(text, lookup)))];
  const parsed = check(Grant, interpolateDeep(given, lookup));
  const grant = {
    type,
    name: interpolate(given[type] ?? '', lookup),
    assume: [...new Set(interpolateDeep(known, lookup))].sort(),
    passRole: given.passRole,
  };
  const problems = [
    ...(parsed.success ? [] : zodProblems(parsed.error, at)),
    ...strangePartitions(given.assume, at, lookup, account),
    ...sizeProblems(grant, at, account),
    ...executionRoleProblems(grant, at, lookup, account),
  ];
  return { ...grant, waitsFor, missing: [...new Set(missing)], problems };
}

/** Roles of another partition: no credentials of this one are valid there. */
function strangePartitions(
  arns: readonly string[],
  at: string,
  lookup: Lookup,
  { partition }: KindAccount,
): Problem[] {
  return arns.flatMap((arn, index) => {
    const [, found] = /^arn:(aws[a-z-]*):/.exec(interpolate(arn, lookup)) ?? [];
    if (found === undefined || found === partition) return [];
    const message = `the role is in the partition ${found}, and the account is in ${partition}: nobody can assume a role across partitions`;
    return [{ path: formatPath(at, ['assume', index]), message }];
  });
}

function sizeProblems(
  grant: Principal & Pick<WantedGrant, 'assume' | 'passRole'>,
  at: string,
  { owner, partition, accountId }: KindAccount,
): Problem[] {
  const arn = `arn:${partition}:iam::${accountId}:${grant.type}/${grant.name}`;
  const has = characters(JSON.stringify(policyOf(grant, owner, arn) ?? ''));
  const most = MOST_CHARACTERS[grant.type];
  if (has <= most) return [];
  const message =
    `the inline policies of a ${grant.type} together may have ${most} characters without whitespace, and this one has ${has}: ` +
    'list fewer roles, or grant them to several principals';
  return [{ path: `${at}.assume`, message }];
}

/** The execution role's own section lists all its policies, and would take this one away. */
function executionRoleProblems(
  { type, name: given }: Principal,
  at: string,
  lookup: Lookup,
  { entry }: KindAccount,
): Problem[] {
  const isNamed = (arn: string | undefined) => arn?.split('/').at(-1)?.toLowerCase() === given.toLowerCase();
  if (type !== 'role' || (!isNamed(entry?.roleArn) && !isNamed(lookup('role.name')))) return [];
  const message = `${given} is the account's execution role: allow it to assume roles in executionRole.inlinePolicies`;
  return [{ path: `${at}.role`, message }];
}

/** The beginning of the Sids of what the Orgkeeper of this Main account grants. Pure. */
export function sidPrefix(owner: string): string {
  return `Orgkeeper${owner}`;
}

/**
 * The policy of a grant; undefined if it grants nothing. Pure.
 * @param arn of the principal, with its path
 */
export function policyOf(
  { assume, passRole }: Pick<WantedGrant, 'assume' | 'passRole'>,
  owner: string,
  arn: string,
): PolicyDocument | undefined {
  const statement = (what: string, Action: string, Resource: readonly string[]) => ({
    Sid: `${sidPrefix(owner)}${what}`,
    Effect: 'Allow',
    Action,
    Resource,
  });
  const Statement = [
    ...(assume.length > 0 ? [statement('Assume', 'sts:AssumeRole', assume)] : []),
    ...(passRole ? [statement('PassRole', 'iam:PassRole', [arn])] : []),
  ];
  return Statement.length > 0 ? { Version: '2012-10-17', Statement } : undefined;
}
