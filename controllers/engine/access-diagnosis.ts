import { saysOrganizationPolicy } from '../../shared/aws/denials.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { externalIdsIn, matchesRolePattern, trustAdmits } from '../../shared/policy/assume-role.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { Diagnosis, RoleInQuestion } from './model.ts';

/** Results of assuming a role: undefined where it succeeded, else the denial. */
interface Tried {
  readonly withIt: Error | undefined;
  readonly without: Error | undefined;
  readonly withWrong: Error | undefined;
}

/** What is wrong with a role, as precisely as can be known; undefined when it behaves as it must. Pure. */
export function diagnose(tried: Tried, role: RoleInQuestion): Diagnosis | undefined {
  if (tried.withIt) return diagnoseDenial(tried.withIt, role);
  // The current trust policy counts, even while STS still answers by the previous one.
  const opened = openness(role);
  const how = opened ?? admittedBy(tried);
  if (!how) return undefined;
  return {
    explained: opened !== undefined,
    refused: false,
    reason: 'AssumableWithoutExternalId',
    message: `${role.roleArn} can be assumed ${how}: ${remedy(role, 'require sts:ExternalId in its trust policy')}.`,
  };
}

type Openness = 'without an ExternalId' | 'with a wrong ExternalId';

/** How the current trust policy admits the runner although it must not; undefined when it does not. Pure. */
export function openness({
  roleArn,
  runnerRoleArn,
  organizationId,
  region,
  externalId,
  trust,
}: RoleInQuestion): Openness | undefined {
  if (!isKnown(trust)) return undefined;
  const asks = { roleArn, callerRoleArn: runnerRoleArn, organizationId, region };
  if (trustAdmits(trust, asks)) return 'without an ExternalId';
  const wrong = { ...asks, externalId: wrongExternalId(externalId) };
  return trustAdmits(trust, wrong) ? 'with a wrong ExternalId' : undefined;
}

function admittedBy({ without, withWrong }: Tried): Openness | undefined {
  if (!without) return 'without an ExternalId';
  return withWrong ? undefined : 'with a wrong ExternalId';
}

/** Why a role cannot be assumed with its ExternalId, as precisely as can be known. Pure. */
export function diagnoseDenial(denial: Error, role: RoleInQuestion): Diagnosis {
  return { ...refused(denial, role), refused: true };
}

function refused(denial: Error, role: RoleInQuestion): Omit<Diagnosis, 'refused'> {
  const { roleArn, externalId, runnerRoleArn, organizationId, region, trust, accountId } = role;
  if (saysOrganizationPolicy(denial)) {
    return {
      explained: true,
      reason: 'DeniedByOrganizationPolicy',
      message: `An organization policy denies assuming ${roleArn}: except ${runnerRoleArn} in the policy that applies to account ${accountId}.`,
    };
  }
  if (trust === 'none') {
    return {
      explained: true,
      reason: 'RoleMissing',
      message: role.entered
        ? `There is no role ${roleArn}: ${remedy(role, 'make it')}.`
        : `There is no role ${roleArn}: its own condition says why it is not made.`,
    };
  }
  if (!matchesRolePattern(roleArn, role.executionRolePattern)) {
    return {
      explained: true,
      reason: 'NameNotAllowed',
      message: `${roleArn} does not match executionRolePattern ${role.executionRolePattern}, and IAM lets Main assume only what does: rename the role in the baseline, or change the pattern and deploy the main stack.`,
    };
  }
  if (trust === undefined) {
    return {
      explained: false,
      reason: 'ExecutionRoleDenied',
      message: `${roleArn} cannot be assumed with the account's ExternalId: there is no such role, it does not trust ${runnerRoleArn}, or asks for another ExternalId; \`orgkeeper template member --account ${accountId}\` shows what it must be.`,
    };
  }
  const asks = { roleArn, callerRoleArn: runnerRoleArn, organizationId, region };
  if (trustAdmits(trust, { ...asks, externalId })) {
    return {
      explained: false,
      reason: 'NotAssumable',
      message: `${roleArn} cannot be assumed although its trust policy admits it: look for an organization policy that denies sts:AssumeRole, and at ${runnerRoleArn} in Main (${denial.message.replace(/\.$/, '')}).`,
    };
  }
  if (externalIdsIn(trust).some((other) => trustAdmits(trust, { ...asks, externalId: other }))) {
    return {
      explained: true,
      reason: 'ExternalIdDiffers',
      message: `The trust policy of ${roleArn} asks for another ExternalId than the account's: register the account again with that one, or ${remedy(role, "put the account's there")}.`,
    };
  }
  return {
    explained: true,
    reason: 'MainNotTrusted',
    message: `The trust policy of ${roleArn} does not admit ${runnerRoleArn}: ${remedy(role, 'put it there')}.`,
  };
}

/** An ExternalId that is not the account's. */
export function wrongExternalId(externalId: string): string {
  return `${externalId.slice(0, 1_000)}-wrong`;
}

function isKnown(trust: RoleInQuestion['trust']): trust is PolicyInput {
  return trust !== undefined && trust !== 'none';
}

function remedy({ entered, accountId }: RoleInQuestion, what: string): string {
  return entered
    ? `have the account's owner ${what}; \`orgkeeper template member --account ${accountId}\` shows how`
    : 'a run that may write corrects it when the baseline says so: look whether the account is observed or paused';
}

/** An account's execution role, with what is known of it. Pure. */
export function roleInQuestion(
  { accountId, externalId, executionRoleArn }: AccountRecord,
  { runnerRoleArn, organizationId, region, executionRolePattern }: Config,
  known: { readonly roleArn: string; readonly trust?: PolicyInput | 'none' | undefined },
): RoleInQuestion {
  const { roleArn, trust } = known;
  const entered = executionRoleArn !== undefined;
  const caller = { runnerRoleArn, organizationId, region, externalId };
  const role = { accountId, roleArn, ...caller, executionRolePattern, entered };
  return { ...role, ...(trust !== undefined && { trust }) };
}
