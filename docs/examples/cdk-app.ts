// A stack of yours in Main that registers an account, waits until it is ready, and uses what Orgkeeper made in it.
import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { RegisteredAccount } from '../../infra/registered-account/registered-account.ts';

export function teamApp(app: App): Stack {
  const stack = new Stack(app, 'team-genomics', { env: { account: '345678901234', region: 'eu-west-1' } });
  const genomics = new RegisteredAccount(stack, 'Genomics', {
    accountId: '456789012345',
    name: 'genomics',
    baseline: 'analytics',
    tags: { costCenter: '42' },
  });
  new CfnOutput(stack, 'ExecutionRoleArn', { value: genomics.roleArn });
  new CfnOutput(stack, 'VpcId', { value: genomics.vpcId });
  return stack;
}
