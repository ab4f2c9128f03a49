import { type App, aws_iam as iam, Stack } from 'aws-cdk-lib';
import { forwarding } from './constructs/forwarding.ts';
import { attach } from './constructs/grants.ts';
import type { Context } from './context.ts';
import { arns, mainIsManagement, NAMES, STACKS } from './names.ts';
import { permissions } from './permissions.ts';
import { managementSynthesizer } from './synthesizer.ts';

/**
 * What Orgkeeper needs in the management account: the role through which Main sees the organization and enters
 * its accounts, and the rule that forwards the organization's events. No assets, so no bootstrap. In the region
 * where the partition answers for Organizations, since its events appear only there.
 */
export function managementStack(app: App, context: Context): Stack {
  const stack = new Stack(app, STACKS.management, {
    env: { account: context.managementAccountId, region: context.organizationsRegion },
    synthesizer: managementSynthesizer(),
    description: "Orgkeeper: Main's way into the organization, and the organization's events to Main",
  });
  if (!mainIsManagement(context)) organizationRole(stack, context);
  const here = (context.controlTowerRegion ?? context.organizationsRegion) === context.organizationsRegion;
  forwarding(stack, context, here ? ['aws.organizations', 'aws.controltower'] : ['aws.organizations']);
  return stack;
}

/** Control Tower's events appear only in its home region: a stack of its own where that is another one. */
export function controlTowerStack(app: App, context: Context): Stack | undefined {
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

/** Names Main's root plus a condition on the caller's role: so neither account's stack needs the other first. */
function organizationRole(stack: Stack, context: Context): void {
  const arn = arns(context);
  const role = new iam.Role(stack, 'OrganizationRole', {
    roleName: NAMES.organizationRole,
    description: 'Orgkeeper: assumed by Main, to see the organization and to enter its accounts',
    assumedBy: new iam.PrincipalWithConditions(new iam.ArnPrincipal(arn.mainRoot), {
      StringEquals: { 'sts:ExternalId': context.organizationExternalId },
      ArnEquals: {
        'aws:PrincipalArn': [arn.runnerRole, arn.apiRole, arn.intakeRole, arn.sweepRole, arn.creationRole],
      },
    }),
  });
  attach(stack, 'OrganizationPermissions', role, permissions(context).organization);
}
