import { type App, aws_iam as iam, Stack } from 'aws-cdk-lib';
import { arns, mainIsManagement, ORGANIZATION_ROLES, STACKS } from '../shared/deployment/names.ts';
import { permissions } from '../shared/deployment/permissions.ts';
import { forwarding } from './constructs/forwarding.ts';
import { attach } from './constructs/grants.ts';
import type { DeploymentContext } from './context.ts';
import { managementSynthesizer } from './synthesizer.ts';

/**
 * Orgkeeper's resources in the management account: the roles through which Main reads the organization, creates accounts, enters
 * them and inspects the deployment, and the rule that forwards the organization's events. Has no assets, so it needs no bootstrap. In
 * the partition's region of AWS Organizations, since its events appear only there.
 */
export function managementStack(app: App, context: DeploymentContext): Stack {
  const stack = new Stack(app, STACKS.management, {
    env: { account: context.managementAccountId, region: context.organizationsRegion },
    synthesizer: managementSynthesizer(),
    description:
      "Orgkeeper: the roles that Main assumes, and the forwarding of the organization's events to Main",
  });
  if (!mainIsManagement(context)) for (const purpose of PURPOSES) organizationRole(stack, context, purpose);
  const here = (context.controlTowerRegion ?? context.organizationsRegion) === context.organizationsRegion;
  forwarding(stack, context, here ? ['aws.organizations', 'aws.controltower'] : ['aws.organizations']);
  return stack;
}

/** Forwards Control Tower's events, which appear only in its home region: a separate stack if that is another region. */
export function controlTowerStack(app: App, context: DeploymentContext): Stack | undefined {
  const { controlTowerRegion: region, organizationsRegion, managementAccountId: account } = context;
  if (!region || region === organizationsRegion) return undefined;
  const stack = new Stack(app, STACKS.controlTower, {
    env: { account, region },
    synthesizer: managementSynthesizer(),
    description: "Orgkeeper: Control Tower's events to Main",
  });
  forwarding(stack, context, ['aws.controltower']);
  return stack;
}

/** The purpose of each organization role, in the order of the template; also in the role's description. */
const PURPOSES = [
  ['reading', 'Reading', 'intake and sweep, to read the organization'],
  ['creating', 'Creating', 'create-account, to create accounts and place them'],
  ['entering', 'Entering', 'reconcile alone, to enter accounts'],
  ['inspecting', 'Inspecting', 'the API role, to inspect the deployment; it reads only'],
] as const;

/** Trusts Main's root, limited by a condition on the caller's role: so the stacks can be deployed in any order. */
function organizationRole(
  stack: Stack,
  context: DeploymentContext,
  [purpose, id, by]: (typeof PURPOSES)[number],
): void {
  const arn = arns(context);
  const role = new iam.Role(stack, `Organization${id}Role`, {
    roleName: ORGANIZATION_ROLES[purpose],
    description: `Orgkeeper: assumed in Main by ${by}`,
    assumedBy: new iam.PrincipalWithConditions(new iam.ArnPrincipal(arn.mainRoot), {
      StringEquals: { 'sts:ExternalId': context.organizationExternalId },
      ArnEquals: { 'aws:PrincipalArn': arn.organizationRoleUsers[purpose] },
    }),
  });
  attach(stack, `Organization${id}Permissions`, role, permissions(context)[purpose]);
}
