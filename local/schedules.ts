import type { DeployedStack } from './deploy.ts';
import type { Upstream } from './gateway/upstream.ts';
import { isObject } from './gateway/wire.ts';
import { localQueue } from './queue-client.ts';

/** A schedule that sends its input to a queue. */
export interface Schedule {
  readonly queueArn: string;
  readonly input: string;
  readonly everySeconds: number;
}

/**
 * The schedules of a stack that the local runtime fires: those with a rate and a queue. A minute passes in one second, an hour in
 * ten. Schedules with a time of day do not fire.
 */
export function schedulesOf(stack: DeployedStack): Schedule[] {
  return Object.values(stack.template.Resources).flatMap(({ Type, Properties = {} }) => {
    const target = isObject(Properties.Target) ? Properties.Target : {};
    const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(Properties.ScheduleExpression));
    const queueArn = typeof target.Arn === 'string' ? target.Arn : '';
    if (Type !== 'AWS::Scheduler::Schedule' || !rate || queueArn.split(':')[2] !== 'sqs') return [];
    const everySeconds = rate[2] === 'minute' ? Number(rate[1]) : 10 * Number(rate[1]);
    return [{ queueArn, input: String(target.Input), everySeconds }];
  });
}

/** Fires until stopped. A tick is dropped if the previous one is still in progress, or if the emulator does not answer. */
export function runSchedules(schedules: readonly Schedule[], upstream: Upstream) {
  const timers = schedules.map(({ queueArn, input, everySeconds }) => {
    const queue = localQueue(upstream, queueArn);
    let sending = false;
    return setInterval(() => {
      if (sending) return;
      sending = true;
      queue
        .send(input)
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
