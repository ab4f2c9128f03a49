import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DeployedStack } from './deploy.ts';
import { keysOfService } from './gateway/authorization/request-keys.ts';
import { serviceSession } from './gateway/callers.ts';
import type { Gateway } from './gateway/gateway.ts';
import { isObject } from './gateway/wire.ts';
import { type LocalQueue, localQueue, permittedQueue } from './queue-client.ts';

const SCHEDULER = 'scheduler.amazonaws.com';

/** A schedule that sends its input to a queue. */
export interface Schedule {
  readonly name: string;
  readonly group: string;
  readonly queueArn: string;
  readonly input: string;
  readonly everySeconds: number;
}

/** How long the units of a rate last at the local runtime. */
const SECONDS: Readonly<Record<string, number>> = { minute: 1, hour: 10, day: 240 };

/**
 * The schedules of a stack that the local runtime fires: those with a rate and a queue. A minute passes in one second, an hour in
 * ten, a day in four minutes. Schedules with a time of day do not fire.
 */
export function schedulesOf(stack: DeployedStack): Schedule[] {
  return Object.values(stack.template.Resources).flatMap(({ Type, Properties = {} }) => {
    const target = isObject(Properties.Target) ? Properties.Target : {};
    const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(Properties.ScheduleExpression));
    const queueArn = typeof target.Arn === 'string' ? target.Arn : '';
    if (Type !== 'AWS::Scheduler::Schedule' || !rate || queueArn.split(':')[2] !== 'sqs') return [];
    const everySeconds = Number(rate[1]) * (SECONDS[rate[2] ?? ''] ?? Number.NaN);
    const [name, group] = [String(Properties.Name), String(Properties.GroupName)];
    return [{ name, group, queueArn, input: String(target.Input), everySeconds }];
  });
}

/** Ticks until stopped, each schedule by its role. A tick that finds the one before still under way, or no emulator, is dropped. */
export function runSchedules(schedules: readonly Schedule[], stack: DeployedStack, gateway: Gateway) {
  const timers = schedules.map((schedule) => {
    const { input, everySeconds } = schedule;
    let queue: LocalQueue | undefined;
    let sending = false;
    const tick = async () => {
      queue ??= await queueOf(schedule, stack, gateway);
      await queue?.send(input);
    };
    return setInterval(() => {
      if (sending) return;
      sending = true;
      tick()
        .catch(() => undefined)
        .finally(() => {
          sending = false;
        });
    }, everySeconds * 1000);
  });
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The queue, for the role of the schedule; none where EventBridge Scheduler may not take that role. */
async function queueOf(
  { name, group, queueArn }: Schedule,
  { account, region }: DeployedStack,
  { upstream, iam, permits }: Gateway,
): Promise<LocalQueue | undefined> {
  const scheduler = upstream.client(SchedulerClient, { account, region });
  const { Target } = await scheduler.send(new GetScheduleCommand({ Name: name, GroupName: group }));
  const role = await iam.role(Target?.RoleArn ?? '');
  if (!role) return undefined;
  const keys = () => ({ context: keysOfService(SCHEDULER, region) });
  const sourceArn = `arn:aws:scheduler:${region}:${account}:schedule-group/${group}`;
  const clock = { service: SCHEDULER, source: { arn: sourceArn, account } };
  if (!(await permits(clock, { action: 'sts:AssumeRole', resource: role.arn, ...keys() }))) return undefined;
  const session = serviceSession(role, name);
  return permittedQueue(localQueue(upstream, queueArn), (action) =>
    permits(session, { action, resource: queueArn, ...keys() }),
  );
}
