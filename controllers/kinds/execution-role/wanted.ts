import { z } from 'zod';
import type { RolePolicyQuotas } from '../../../shared/deployment/config.ts';
import { splitPath } from '../../../shared/domain/document-problems.ts';
import { InvalidDesiredState, type Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, namesIn, unknownIn } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { formatPath, zodProblems } from '../../../shared/domain/requests.ts';
import { matchesRolePattern } from '../../../shared/policy/assume-role.ts';
import { PolicyError, parsePolicy } from '../../../shared/policy/document.ts';
import { type Entry, type KindAccount, NAME_TAG, OWNER_TAG, type PolicyDocument } from '../kind.ts';
import { Tags } from '../tags.ts';
import { FORMER, reachingFormer } from './ownership.ts';

/** The execution role's section of a baseline, and the desired role of an account. */

/** Name of the inline policy of the role in use that lets Orgkeeper manage the account and the role itself. */
export const OWN_POLICY = 'orgkeeper';

/** Text that may contain `${…}`: such a text is checked by the same schema once the names are filled in. */
const pattern = (expected: RegExp, message: string) =>
  z.string().refine((text) => text.includes('${') || expected.test(text), message);

const PolicyArn = pattern(
  /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/,
  'the ARN of a managed policy looks like arn:aws:iam::aws:policy/ReadOnlyAccess',
);

/** The two uses of a policy, which differ in the elements that IAM requires. */
type Use = 'trust' | 'permissions';

/** A policy document, written as YAML; an element that IAM's grammar does not have is an error with its path. */
const policyDocument = (use: Use) =>
  z.record(z.string(), z.unknown()).superRefine((document, context) => {
    try {
      const { Statement } = parsePolicy(document);
      if (Statement.length === 0) context.addIssue({ code: 'custom', message: 'has no statement' });
      for (const [index, statement] of Statement.entries()) {
        for (const message of misplaced(statement, use)) {
          context.addIssue({ code: 'custom', path: ['Statement', index], message });
        }
      }
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      context.addIssue({ code: 'custom', path: [...splitPath(error.path)], message: error.message });
    }
  });

function misplaced(statement: object, use: Use): string[] {
  const has = (element: string) => Object.hasOwn(statement, element);
  const principal = has('Principal') || has('NotPrincipal');
  const resource = has('Resource') || has('NotResource');
  if (use === 'trust') {
    return [
      ...(principal ? [] : ['a statement of a trust policy names its principals']),
      ...(resource ? ['a statement of a trust policy has no resource'] : []),
    ];
  }
  return [
    ...(principal ? ['a statement of an inline policy has no principal'] : []),
    ...(resource ? [] : ['a statement of an inline policy names its resources']),
  ];
}

/** `executionRole:` of a baseline. */
export const ExecutionRoleSection = z.strictObject({
  name: pattern(/^[\w+=,.@-]{1,64}$/, 'the name of a role is 1 to 64 letters, digits and _+=,.@-'),
  /** Cannot be changed once the role is made. */
  path: pattern(
    /^(?=.{1,512}$)\/((?!\.{1,2}\/)[\x21-\x2e\x30-\x7e]+\/)*$/,
    'the path of a role starts and ends with /, and has no empty level, none of . and none of ..',
  ).default('/'),
  description: pattern(
    /^[\t\n\r\x20-\x7e\u00a1-\u00ff]{0,1000}$/,
    'a description has at most 1,000 characters of Latin-1',
  ).default(''),
  /** In seconds. */
  maxSessionDuration: z.int().min(3_600).max(43_200).default(3_600),
  trustPolicy: policyDocument('trust'),
  /** By name. Every other inline policy is removed. */
  inlinePolicies: z
    .record(
      z
        .string()
        .regex(/^[\w+=,.@-]{1,128}$/, 'the name of a policy is 1 to 128 letters, digits and _+=,.@-')
        .refine(
          (name) => name !== OWN_POLICY,
          `the name ${OWN_POLICY} is reserved for the policy that Orgkeeper itself needs`,
        ),
      policyDocument('permissions'),
    )
    .default({}),
  /** ARNs. Every other managed policy is detached. */
  managedPolicies: z
    .array(PolicyArn)
    .max(25)
    .refine((arns) => new Set(arns).size === arns.length, 'a policy is listed twice')
    .default([]),
  permissionsBoundary: PolicyArn.optional(),
  /** Names such as `values.prefix` whose values may hold `*`, `?` and `${` in policies and ARNs. */
  wildcardsFrom: z
    .array(
      z
        .string()
        .regex(
          /^(account\.(name|email)|values\.[A-Za-z][A-Za-z0-9_-]{0,63})$/,
          'a name is values.NAME, account.name or account.email',
        ),
    )
    .default([]),
  /** Every other tag is removed. */
  tags: Tags.default({}),
});
export type ExecutionRoleSection = z.infer<typeof ExecutionRoleSection>;

/** The desired execution role of an account. */
export interface ExecutionRole extends ExecutionRoleSection {
  readonly arn: string;
  readonly partition: string;
  /** The home region, in which the role is used. */
  readonly region: string;
  readonly owner: string;
  /** Present if the account is entered by this role. */
  readonly entry?: Entry;
  /** ARNs of roles that Orgkeeper made for the account under former names, and that still exist. */
  readonly former: readonly string[];
}

/** The highest quotas that AWS grants; used if no deployment is known. */
const MOST: RolePolicyQuotas = { trustPolicyCharacters: 8_192, managedPolicies: 25 };
/** The most characters of all inline policies together, without whitespace; AWS does not raise this quota. */
const INLINE_LIMIT = 10_240;

/**
 * See Kind. The role by which an account is entered has the name that its owner gave it, and one more policy, with what Orgkeeper
 * itself needs. A `${…}` that is not known for the account is a problem, because a role is written as a whole or not at all.
 */
export function render(section: ExecutionRoleSection, lookup: Lookup, account: KindAccount): ExecutionRole {
  const former = lookup(FORMER)?.split(' ') ?? [];
  const entry = account.entry && reachingFormer(account.entry, former);
  const filled = interpolateDeep(section, lookup);
  const parsed = check(ExecutionRoleSection, filled);
  const { description: _, tags: __, ...granting } = section;
  const problems = [
    ...unknownNames(section, 'executionRole', lookup),
    ...wideningProblems(granting, 'executionRole', lookup, section.wildcardsFrom),
    ...(parsed.success
      ? wholeProblems(withEntry(parsed.data, entry), account, unknownIn(section.path + section.name, lookup))
      : zodProblems(parsed.error, 'executionRole')),
  ];
  if (problems.length > 0 || !parsed.success) {
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new InvalidDesiredState(`The execution role is not valid for this account: ${said}.`, problems, {
      remedy: 'Correct the baseline, or register the account again with the values that it needs.',
    });
  }
  const role = withEntry(inText(parsed.data), entry);
  return {
    ...role,
    tags: { ...role.tags, [OWNER_TAG]: account.owner, [NAME_TAG]: 'executionRole' },
    arn: arnOf(role, account),
    partition: account.partition,
    region: account.region,
    owner: account.owner,
    former,
    ...(entry && { entry }),
  };
}

/** The role with the condition values of its policies as text (`3600`, `true`), as IAM stores them. */
function inText(role: ExecutionRoleSection): ExecutionRoleSection {
  const inlinePolicies = Object.entries(role.inlinePolicies).map(([name, one]) => [
    name,
    conditionsInText(one),
  ]);
  return {
    ...role,
    trustPolicy: conditionsInText(role.trustPolicy),
    inlinePolicies: Object.fromEntries(inlinePolicies),
  };
}

function conditionsInText(document: PolicyDocument): Record<string, unknown> {
  const statement = (one: object) =>
    'Condition' in one ? { ...one, Condition: leavesInText(one.Condition) } : one;
  const { Statement } = document;
  const written = Array.isArray(Statement) ? Statement.map(statement) : statement(Object(Statement));
  return { ...document, Statement: written };
}

function leavesInText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(leavesInText);
  if (value === null || typeof value !== 'object') return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, leavesInText(item)]));
}

function withEntry(role: ExecutionRoleSection, entry: Entry | undefined): ExecutionRoleSection {
  if (!entry) return role;
  const [, path = '/', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(entry.roleArn) ?? [];
  const { Statement, ...policy } = entry.policy;
  const regions = { Sid: 'Regions', Effect: 'Allow', Action: entry.aboutRegions, Resource: '*' };
  const own = { ...policy, Statement: [Statement, regions].flat() };
  return { ...role, path, name, inlinePolicies: { ...role.inlinePolicies, [OWN_POLICY]: own } };
}

function arnOf({ path, name }: ExecutionRoleSection, { partition, accountId }: KindAccount): string {
  return `arn:${partition}:iam::${accountId}:role${path}${name}`;
}

/** Problems of a role whose fields are each valid. @param unknown unknown `${…}` names in its name */
function wholeProblems(
  role: ExecutionRoleSection,
  account: KindAccount,
  unknown: readonly string[],
): Problem[] {
  return [
    ...(unknown.length > 0 ? [] : nameProblems(role, account)),
    ...sizeProblems(role, account.rolePolicyQuotas ?? MOST),
  ];
}

/** IAM lets Main create a role whose name does not match the pattern, but never assume it. */
function nameProblems(role: ExecutionRoleSection, account: KindAccount): Problem[] {
  const { executionRolePattern: pattern } = account;
  const arn = arnOf(role, account);
  if (pattern === undefined || matchesRolePattern(arn, pattern)) return [];
  const message =
    `${role.path.slice(1)}${role.name} does not match executionRolePattern ${pattern}, and IAM lets Main assume only roles that ` +
    'match: rename the role in the baseline, or widen the pattern in the context and deploy the main stack';
  return [{ path: 'executionRole.name', message }];
}

function sizeProblems(role: ExecutionRoleSection, quotas: RolePolicyQuotas): Problem[] {
  const trust = size(role.trustPolicy);
  const inline = Object.values(role.inlinePolicies).reduce((sum, document) => sum + size(document), 0);
  return [
    ...(trust > quotas.trustPolicyCharacters
      ? [tooLong('trustPolicy', 'a trust policy', trust, quotas.trustPolicyCharacters, true)]
      : []),
    ...(role.managedPolicies.length > quotas.managedPolicies ? [tooMany(role, quotas)] : []),
    ...(inline > INLINE_LIMIT
      ? [tooLong('inlinePolicies', 'the inline policies of a role together', inline, INLINE_LIMIT)]
      : []),
  ];
}

const RAISED =
  ': shorten it, or have the quota raised in the accounts and set rolePolicyQuotas in the context';

function tooLong(field: string, what: string, has: number, most: number, raised = false): Problem {
  const message = `${what} may have ${most} characters without whitespace, and has ${has}${raised ? RAISED : ''}`;
  return { path: `executionRole.${field}`, message };
}

function tooMany({ managedPolicies: { length } }: ExecutionRoleSection, quotas: RolePolicyQuotas): Problem {
  const message = `a role may have ${quotas.managedPolicies} managed policies, and this has ${length}${RAISED}`;
  return { path: 'executionRole.managedPolicies', message };
}

function size(document: unknown): number {
  return characters(JSON.stringify(document));
}

/** The number of characters that IAM counts in a policy: all except whitespace. */
export function characters(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

function unknownNames(value: unknown, path: string, lookup: Lookup): Problem[] {
  if (typeof value === 'string') {
    const forIam = /^executionRole\.(trustPolicy|inlinePolicies)\b/.test(path);
    const unknown = unknownIn(value, lookup).filter((name) => !(forIam && POLICY_VARIABLE.test(name)));
    return unknown.map((name) => ({ path, message: `\${${name}} is not known for this account` }));
  }
  if (value === null || typeof value !== 'object') return [];
  const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return parts.flatMap(([key, item]) => unknownNames(item, formatPath(path, [key]), lookup));
}

/**
 * IAM's policy variables, which IAM fills in: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`. CloudFormation's
 * `${AWS::AccountId}` is not one.
 */
export const POLICY_VARIABLE = /^\s*[a-z0-9][\w./-]*:[a-z][\w-]*(\/[^,']+)?\s*(,\s*'[^']*'\s*)?$|^[*?$]$/i;

/** Names whose values come from a registration, or from the account's name, not from the baseline's author. */
const REGISTERED = /^(account\.(name|email)|values\..+)$/;
/** Wildcards and policy variables, which match more than their own text in a policy or an ARN. */
const WIDENING = /[*?]|\$\{/;

/**
 * Values with wildcards or policy variables, which would let a registration grant more than the baseline's author meant. The
 * author can allow names in `wildcardsFrom`.
 */
function wideningProblems(
  value: unknown,
  path: string,
  lookup: Lookup,
  allowed: readonly string[],
): Problem[] {
  if (typeof value === 'string') {
    const widening = namesIn(value).filter(
      (name) => REGISTERED.test(name) && !allowed.includes(name) && WIDENING.test(lookup(name) ?? ''),
    );
    return widening.map((name) => ({
      path,
      message:
        `\${${name}} has a \`*\`, a \`?\` or a \`\${\` for this account, which would widen what the baseline grants: ` +
        `register the account with another value, or list ${name} in executionRole.wildcardsFrom`,
    }));
  }
  if (value === null || typeof value !== 'object') return [];
  const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return parts.flatMap(([key, item]) => wideningProblems(item, formatPath(path, [key]), lookup, allowed));
}
