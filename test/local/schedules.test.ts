import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { DeployedStack } from '../../local/deploy.ts';
import { schedulesOf } from '../../local/schedules.ts';
import { putSchedules } from '../../local/surroundings.ts';
import { answeringEvery, awsError, on } from '../kit/sdk.ts';

const Arn = 'arn:aws:sqs:eu-west-1:345678901234:orgkeeper-sweep';

/** A stack with a group and a schedule for each expression. */
function stackOf(...expressions: readonly string[]): DeployedStack {
  const schedules = expressions.map((ScheduleExpression, at) => [
    `Schedule${at}`,
    {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ...{ Name: `schedule-${at}`, GroupName: 'orgkeeper', ScheduleExpression },
        Target: { Arn, Input: '{}', RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
      },
    },
  ]);
  const Group = { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'orgkeeper' } };
  const template = { Resources: { Group, ...Object.fromEntries(schedules) } };
  return { name: 'orgkeeper', account: '345678901234', region: 'eu-west-1', template, assets: new Map() };
}

describe('schedulesOf', () => {
  it('lets a minute pass in a second, an hour in ten, a day in 24 times that, and fires no time of day', () => {
    const rates = [
      'rate(1 minute)',
      'rate(15 minutes)',
      'rate(12 hours)',
      'rate(1 day)',
      'cron(0 3 * * ? *)',
    ];
    expect(schedulesOf(stackOf(...rates)).map(({ everySeconds }) => everySeconds)).toEqual([1, 15, 120, 240]);
  });
});

describe('putSchedules', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** An emulator with these groups and schedules. */
  function emulated(...names: string[]) {
    const there = new Set(names);
    const read = (name = '') => {
      if (!there.has(name)) throw awsError('ResourceNotFoundException');
      return {};
    };
    const make = (name = '') => {
      if (there.has(name)) throw awsError('ConflictException');
      there.add(name);
      return {};
    };
    answeringEvery(SchedulerClient, [
      on(GetScheduleGroupCommand, ({ Name }) => read(Name)),
      on(GetScheduleCommand, ({ Name }) => read(Name)),
      on(CreateScheduleGroupCommand, ({ Name }) => make(Name)),
      on(CreateScheduleCommand, ({ Name }) => make(Name)),
    ]);
    const role = { LogicalResourceId: 'Role', PhysicalResourceId: 'orgkeeper-schedules' };
    answeringEvery(CloudFormationClient, [
      on(ListStackResourcesCommand, () => ({ StackResourceSummaries: [role as never] })),
    ]);
    return there;
  }

  it('makes what is missing, also in a group that is there, and repeats nothing', async () => {
    const there = emulated('orgkeeper', 'schedule-0');
    const stack = stackOf('rate(1 minute)', 'rate(1 hour)');
    await putSchedules('http://127.0.0.1:1', stack);
    await putSchedules('http://127.0.0.1:1', stack);
    expect([...there]).toEqual(['orgkeeper', 'schedule-0', 'schedule-1']);
  });

  it('fails if it cannot be seen what is there', async () => {
    emulated();
    jest.spyOn(SchedulerClient.prototype, 'send').mockImplementation(() => {
      throw awsError('InternalServerException');
    });
    await expect(putSchedules('http://127.0.0.1:1', stackOf('rate(1 minute)'))).rejects.toThrow(
      'AWS says InternalServerException',
    );
  });
});
