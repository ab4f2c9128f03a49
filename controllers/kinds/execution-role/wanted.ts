import { z } from 'zod';
import { InvalidDesiredState, type Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, unknownIn } from '../../../shared/domain/interpolate.ts';
import { check } from '../../../shared/domain/plain-words.ts';
import { zodProblems } from '../../../shared/domain/requests.ts';
import { matchesRolePattern } from '../../../shared/policy/assume-role.ts';
import { inText, roleFields, sizeProblems, unknownNames, wideningProblems } from '../iam-role/section.ts';
import { type Entry, type KindAccount, NAME_TAG, OWNER_TAG } from '../kind.ts';
import { FORMER, reachingFormer } from './ownership.ts';

/** The execution role's section of a baseline, and the desired role of an account. */

/** Name of the inline policy of the role in use that lets Orgkeeper manage the account and the role itself. */
export const OWN_POLICY = 'orgkeeper';

/** `executionRole:` of a baseline. */
export const ExecutionRoleSection = z.strictObject(
  roleFields({ [OWN_POLICY]: 'the policy that Orgkeeper itself needs' }),
);
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

/**
 * See Kind. The role by which an account is entered has the name that its owner gave it, and one more policy, with what Orgkeeper
 * itself needs. A `${…}` that is not known for the account is a problem, because a role is written as a whole or not at all.
 */
export function render(section: ExecutionRoleSection, lookup: Lookup, account: KindAccount): ExecutionRole {
  const former = lookup(FORMER)?.split(' ') ?? [];
  const entry = account.entry && reachingFormer(account.entry, former);
  const filled = interpolateDeep(section, lookup);
  const parsed = check(ExecutionRoleSection, filled);
  const problems = [
    ...unknownNames(section, 'executionRole', lookup).map(({ path, name }) => ({
      path,
      message: `\${${name}} is not known for this account`,
    })),
    ...wideningProblems(section, 'executionRole', lookup),
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

function withEntry(role: ExecutionRoleSection, entry: Entry | undefined): ExecutionRoleSection {
  if (!entry) return role;
  const [, path = '/', name = ''] = /:role(\/(?:.*\/)?)([^/]+)$/.exec(entry.roleArn) ?? [];
  const { Statement, ...policy } = entry.policy;
  const regions = { Sid: 'Regions', Effect: 'Allow', Action: entry.aboutRegions, Resource: '*' };
  const reviews = { Sid: 'Reviews', Effect: 'Allow', Action: entry.forReviews, Resource: '*' };
  const own = { ...policy, Statement: [Statement, reviews, regions].flat() };
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
    ...sizeProblems(role, 'executionRole', account),
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
