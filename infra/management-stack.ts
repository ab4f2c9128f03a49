import { type App, aws_iam as iam, Stack } from 'aws-cdk-lib';
import { arns, mainIsManagement, ORGANIZATION_ROLES, STACKS } from '../shared/deployment/names.ts';
import { permissions } from '../shared/deployment/permissions.ts';
import { forwarding } from './constructs/forwarding.ts';
import { attach } from './constructs/grants.ts';
import type { DeploymentContext } from './context.ts';
import { managementSynthesizer } from './synthesizer.ts';

/**
 * What Orgkeeper needs in the management account: the roles through which Main reads the organization, creates accounts,
 * enters them and is inspected, and the rule that forwards the organization's events. No assets, so no bootstrap. In the region
 * where the partition answers for Organizations, since its events appear only there.
 */
export function managementStack(app: App, context: DeploymentContext): Stack {
  const stack = new Stack(app, STACKS.management, {
    env: { account: context.managementAccountId, region: context.organizationsRegion },
    synthesizer: managementSynthesizer(),
    description: "Orgkeeper: Main's way into the organization, and the organization's events to Main",
  });
  if (!mainIsManagement(context)) for (const purpose of PURPOSES) organizationRole(stack, context, purpose);
  const here = (context.controlTowerRegion ?? context.organizationsRegion) === context.organizationsRegion;
  forwarding(stack, context, here ? ['aws.organizations', 'aws.controltower'] : ['aws.organizations']);
  return stack;
}

/** Control Tower's events appear only in its home region: a stack of its own where that is another one. */
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

/** What each organization role is for, in the order of the template; its description says the same. */
const PURPOSES = [
  ['reading', 'Reading', 'intake and sweep, to read the organization'],
  ['creating', 'Creating', 'create-account, to create accounts and place them'],
  ['entering', 'Entering', 'reconcile alone, to enter accounts'],
  ['inspecting', 'Inspecting', 'the API role, to inspect the deployment; it reads only'],
] as const;

/** Names Main's root plus a condition on the caller's role: so neither account's stack needs the other first. */
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
