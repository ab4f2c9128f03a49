import { z } from 'zod';
import { splitPath } from '../../../shared/domain/document-problems.ts';
import { PolicyError, parsePolicy } from '../../../shared/policy/document.ts';
import { Tags } from '../tags.ts';

/** Name of the inline policy with which the role in use lets Orgkeeper manage the account and the role itself. */
export const OWN_POLICY = 'orgkeeper';

/** Text that may hold `${…}`: such a text is checked when it is filled in, by the same schema. */
const pattern = (expected: RegExp, message: string) =>
  z.string().refine((text) => text.includes('${') || expected.test(text), message);

const PolicyArn = pattern(
  /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/,
  'the ARN of a managed policy looks like arn:aws:iam::aws:policy/ReadOnlyAccess',
);

/** The elements that IAM asks for in a trust policy, and in a policy of permissions. */
type Use = 'trust' | 'permissions';

/** A policy document, written as YAML; any other element than those of the grammar is an error with its path. */
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
  /** Seconds that a session of the role lasts at most. */
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
          `the name ${OWN_POLICY} is taken by what Orgkeeper itself needs`,
        ),
      policyDocument('permissions'),
    )
    .default({}),
  /** ARNs. Every other managed policy is detached. */
  managedPolicies: z
    .array(PolicyArn)
    .max(25)
    .refine((arns) => new Set(arns).size === arns.length, 'a policy stands here twice')
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
