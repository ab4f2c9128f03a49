import {
  CloudFormationClient,
  CreateStackCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CloudTrailClient,
  CreateTrailCommand,
  DescribeTrailsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  CreateScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { type DeployedStack, type LocalDeployment, localClient } from './deploy.ts';
import { isObject } from './gateway/wire.ts';
import { putResourcePolicies } from './resource-policies.ts';

/** The region of AWS Organizations. */
const ORGANIZATIONS_REGION = 'us-east-1';

/** Creates what a real organization has besides the stacks, and what the emulator's CloudFormation ignores in them. Idempotent. */
export async function surround(
  endpoint: string,
  { stacks }: LocalDeployment,
  management: string,
): Promise<void> {
  await Promise.all([
    makeTrail(endpoint, management),
    ...stacks.flatMap((stack) => [putSchedules(endpoint, stack), putResourcePolicies(endpoint, stack)]),
  ]);
}

/** Creates the trail that an organization needs for its events to reach EventBridge. */
async function makeTrail(endpoint: string, management: string): Promise<void> {
  const client = localClient(endpoint, management, ORGANIZATIONS_REGION);
  const cloudTrail = new CloudTrailClient(client);
  const { trailList = [] } = await cloudTrail.send(new DescribeTrailsCommand({}));
  if (trailList.length > 0) return;
  const BucketName = `trail-${management}`;
  const bucket = { Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName } } } };
  await new CloudFormationClient(client).send(
    new CreateStackCommand({ StackName: 'trail-bucket', TemplateBody: JSON.stringify(bucket) }),
  );
  const Name = 'management-events';
  await cloudTrail.send(new CreateTrailCommand({ Name, S3BucketName: BucketName, IsMultiRegionTrail: true }));
  await cloudTrail.send(new StartLoggingCommand({ Name }));
}

/** The emulator's CloudFormation ignores schedules, so those that are missing are created separately. */
export async function putSchedules(endpoint: string, stack: DeployedStack): Promise<void> {
  const ofType = (type: string) =>
    Object.values(stack.template.Resources).flatMap(({ Type, Properties = {} }) =>
      Type === `AWS::Scheduler::${type}` ? [Properties] : [],
    );
  const client = localClient(endpoint, stack.account, stack.region);
  const scheduler = new SchedulerClient(client);
  for (const { Name } of ofType('ScheduleGroup').map((one) => ({ Name: String(one.Name) }))) {
    if (await isThere(scheduler.send(new GetScheduleGroupCommand({ Name })))) continue;
    await scheduler.send(new CreateScheduleGroupCommand({ Name }));
  }
  for (const { Target, ...properties } of ofType('Schedule')) {
    const [Name, GroupName] = [String(properties.Name), String(properties.GroupName)];
    if (await isThere(scheduler.send(new GetScheduleCommand({ Name, GroupName })))) continue;
    const target = isObject(Target) ? Target : {};
    const RoleArn = await roleArn(new CloudFormationClient(client), stack, target.RoleArn);
    const schedule = {
      ...properties,
      Target: { ...target, RoleArn },
    } as unknown as CreateScheduleCommandInput;
    await scheduler.send(new CreateScheduleCommand(schedule));
  }
}

/** Whether a read of EventBridge Scheduler finds something. */
function isThere(read: Promise<unknown>): Promise<boolean> {
  return read.then(
    () => true,
    (error: Error) => {
      if (error.name === 'ResourceNotFoundException') return false;
      throw error;
    },
  );
}

/** The ARN of a role of the stack, by its logical id. */
async function roleArn(client: CloudFormationClient, stack: DeployedStack, value: unknown): Promise<string> {
  const getAtt = isObject(value) ? value['Fn::GetAtt'] : undefined;
  const id = Array.isArray(getAtt) ? getAtt[0] : undefined;
  const { StackResourceSummaries = [] } = await client.send(
    new ListStackResourcesCommand({ StackName: stack.name }),
  );
  const found = StackResourceSummaries.find(({ LogicalResourceId }) => LogicalResourceId === id);
  return `arn:aws:iam::${stack.account}:role/${found?.PhysicalResourceId}`;
}
