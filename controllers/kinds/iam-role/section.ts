import { z } from 'zod';
import type { RolePolicyQuotas } from '../../../shared/deployment/config.ts';
import { splitPath } from '../../../shared/domain/document-problems.ts';
import type { Problem } from '../../../shared/domain/errors.ts';
import { type Lookup, namesIn, unknownIn } from '../../../shared/domain/interpolate.ts';
import { formatPath } from '../../../shared/domain/requests.ts';
import { PolicyError, parsePolicy } from '../../../shared/policy/document.ts';
import type { KindAccount, PolicyDocument } from '../kind.ts';
import { Tags } from '../tags.ts';
import { own } from './model.ts';

/** How a role is written in a baseline, and what IAM would refuse of it or somebody could widen with a value. */

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
export const policyDocument = (use: Use) =>
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

/**
 * The fields of a role in a baseline.
 * @param reserved names that no inline policy may have, and what they are reserved for
 */
export const roleFields = (reserved: Readonly<Record<string, string>>) => ({
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
        .refine((name) => !own(reserved, name), {
          error: ({ input }) => `the name ${input} is reserved for ${own(reserved, String(input))}`,
        }),
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

/** A role as a baseline has it, its `${…}` filled in or not. */
export type RoleFields = z.infer<z.ZodObject<ReturnType<typeof roleFields>>>;

/** The role with the condition values of its policies as text (`3600`, `true`), as IAM stores them. Pure. */
export function inText<Fields extends Pick<RoleFields, 'trustPolicy' | 'inlinePolicies'>>(
  role: Fields,
): Fields {
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

/** The highest quotas that AWS grants; used if no deployment is known. */
const MOST: RolePolicyQuotas = { trustPolicyCharacters: 8_192, managedPolicies: 25 };
/** The most characters of all inline policies together, without whitespace; AWS does not raise this quota. */
const INLINE_LIMIT = 10_240;

/**
 * What exceeds IAM's quotas of one role. Pure.
 * @param at path of the role in a baseline
 */
export function sizeProblems(
  role: Pick<RoleFields, 'trustPolicy' | 'inlinePolicies' | 'managedPolicies'>,
  at: string,
  { rolePolicyQuotas: quotas = MOST }: Pick<KindAccount, 'rolePolicyQuotas'>,
): Problem[] {
  const trust = size(role.trustPolicy);
  const inline = Object.values(role.inlinePolicies).reduce((sum, document) => sum + size(document), 0);
  const { length: managed } = role.managedPolicies;
  const most = quotas.trustPolicyCharacters;
  return [
    ...(trust > most
      ? [{ path: `${at}.trustPolicy`, message: `${tooLong('a trust policy', most, trust)}${RAISED}` }]
      : []),
    ...(managed > quotas.managedPolicies
      ? [{ path: `${at}.managedPolicies`, message: tooMany(quotas.managedPolicies, managed) }]
      : []),
    ...(inline > INLINE_LIMIT
      ? [
          {
            path: `${at}.inlinePolicies`,
            message: tooLong('the inline policies of a role together', INLINE_LIMIT, inline),
          },
        ]
      : []),
  ];
}

const RAISED =
  ': shorten it, or have the quota raised in the accounts and set rolePolicyQuotas in the context';

function tooLong(what: string, most: number, has: number): string {
  return `${what} may have ${most} characters without whitespace, and has ${has}`;
}

function tooMany(most: number, has: number): string {
  return `a role may have ${most} managed policies, and this has ${has}${RAISED}`;
}

function size(document: unknown): number {
  return characters(JSON.stringify(document));
}

/** The number of characters that IAM counts in a policy: all except whitespace. */
export function characters(text: string): number {
  return text.replaceAll(/\s/g, '').length;
}

/**
 * The `${…}` names of a role that `lookup` does not know, with their paths; IAM's policy variables in its policies are not among
 * them. Pure.
 * @param at path of the role in a baseline
 */
export function unknownNames(
  role: unknown,
  at: string,
  lookup: Lookup,
): { readonly path: string; readonly name: string }[] {
  const visit = (value: unknown, path: string): { path: string; name: string }[] => {
    if (typeof value === 'string') {
      const forIam = /^\.(trustPolicy|inlinePolicies)\b/.test(path.slice(at.length));
      const unknown = unknownIn(value, lookup).filter((name) => !(forIam && POLICY_VARIABLE.test(name)));
      return unknown.map((name) => ({ path, name }));
    }
    if (value === null || typeof value !== 'object') return [];
    const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
    return parts.flatMap(([key, item]) => visit(item, formatPath(path, [key])));
  };
  return visit(role, at);
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
 * author can allow names in `wildcardsFrom`. Pure.
 * @param at path of the role in a baseline
 */
export function wideningProblems(role: RoleFields, at: string, lookup: Lookup): Problem[] {
  const { description: _, tags: __, ...granting } = role;
  const visit = (value: unknown, path: string): Problem[] => {
    if (typeof value === 'string') {
      const widening = namesIn(value).filter(
        (name) =>
          REGISTERED.test(name) && !role.wildcardsFrom.includes(name) && WIDENING.test(lookup(name) ?? ''),
      );
      return widening.map((name) => ({
        path,
        message:
          `\${${name}} has a \`*\`, a \`?\` or a \`\${\` for this account, which would widen what the baseline grants: ` +
          `register the account with another value, or list ${name} in ${at}.wildcardsFrom`,
      }));
    }
    if (value === null || typeof value !== 'object') return [];
    const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
    return parts.flatMap(([key, item]) => visit(item, formatPath(path, [key])));
  };
  return visit(granting, at);
}
