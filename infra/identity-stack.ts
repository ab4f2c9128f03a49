import { type App, aws_iam as iam, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { arns, NAMES, STACKS } from '../shared/deployment/names.ts';
import type { DeploymentContext } from './context.ts';
import { mainSynthesizer } from './synthesizer.ts';

/**
 * The two roles that every kept account's trust policy names. IAM stores them there by unique id: deleting
 * and creating one would leave every member's trust dangling. So they have a stack of their own, fixed names,
 * outlive it, and cannot be deleted by mistake. What they may do is attached by the main stack.
 */
export function identityStack(app: App, context: DeploymentContext): Stack {
  const stack = new Stack(app, STACKS.identity, {
    env: { account: context.mainAccountId, region: context.region },
    synthesizer: mainSynthesizer(),
    terminationProtection: true,
    description: 'Orgkeeper: the roles that kept accounts trust',
  });
  const runner = new iam.Role(stack, 'WorkflowLoopRunnerRole', {
    roleName: NAMES.runnerRole,
    description: 'Orgkeeper: the background runner, which keeps accounts',
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
 * The accounts of the operators, narrowed to the operators by condition: so an operator need not exist yet and
 * may be a pattern. Without operators the condition names Main's root user, which can assume no role: nobody.
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
