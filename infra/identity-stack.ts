import { type App, aws_iam as iam, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { arns, NAMES, STACKS } from '../shared/deployment/names.ts';
import type { DeploymentContext } from './context.ts';
import { mainSynthesizer } from './synthesizer.ts';

/**
 * The two roles that the trust policy of every managed account names. IAM stores them there by unique id, so a role that is deleted
 * and created again is no longer trusted. So they have fixed names and their own stack with termination protection, and are retained
 * when it is deleted. The main stack attaches their permissions.
 */
export function identityStack(app: App, context: DeploymentContext): Stack {
  const stack = new Stack(app, STACKS.identity, {
    env: { account: context.mainAccountId, region: context.region },
    synthesizer: mainSynthesizer(),
    terminationProtection: true,
    description: 'Orgkeeper: the roles that managed accounts trust',
  });
  const runner = new iam.Role(stack, 'WorkflowLoopRunnerRole', {
    roleName: NAMES.runnerRole,
    description: 'Orgkeeper: the background runner, which reconciles accounts',
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const api = new iam.Role(stack, 'ApiHandlerRole', {
    roleName: NAMES.apiRole,
    description: 'Orgkeeper: interactive callers (plan, credentials, pipelines)',
    assumedBy: operators(context),
  });
  for (const role of [runner, api]) role.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return stack;
}

/**
 * The accounts of the operators, limited to the operators by a condition: so an operator may be a pattern and need not exist yet.
 * Without operators the condition names Main's root user, which cannot assume roles: nobody is admitted.
 */
function operators(context: DeploymentContext): iam.IPrincipal {
  const { mainRoot, root } = arns(context);
  const accounts = new Set(
    context.operators.map((operator) => operator.split(':')[4] ?? context.mainAccountId),
  );
  if (accounts.size === 0) accounts.add(context.mainAccountId);
  const admitted = context.operators.length > 0 ? context.operators : [mainRoot];
  return new iam.PrincipalWithConditions(
    new iam.CompositePrincipal(...[...accounts].sort().map((account) => new iam.ArnPrincipal(root(account)))),
    { ArnLike: { 'aws:PrincipalArn': admitted } },
  );
}
