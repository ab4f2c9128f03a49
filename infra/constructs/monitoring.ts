import type { Stack } from 'aws-cdk-lib';
import { aws_cloudwatch as cloudwatch } from 'aws-cdk-lib';
import { deadLettersOf, FUNCTIONS, functionName, NAMES, QUEUES } from '../../shared/deployment/names.ts';
import type { AnnouncementType } from '../../shared/domain/announcements.ts';
import type { DeploymentContext } from '../context.ts';
import { noticesOf } from '../notify.ts';
import { alarms, metric } from './alarms.ts';
import { UNDELIVERED_NOTICES } from './notices.ts';

/**
 * The alarms of the main stack, and a dashboard with their metrics. What to do: docs/operations.md.
 * @param tells whether there are notices, which may not reach those whom they are for
 */
export function monitoring(stack: Stack, context: DeploymentContext, tells: boolean): void {
  const alarm = alarms(stack, {
    topicName: 'orgkeeper-alarms',
    account: context.mainAccountId,
    email: context.alarmEmail,
  });
  const title = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`;
  for (const name of FUNCTIONS) {
    alarm({
      name: `${title(name)}DeadLetters`,
      description: `Messages for ${name} failed for good: read them in the dead-letter queue, correct the cause, redrive.`,
      metric: waiting(deadLettersOf(QUEUES[name])),
      threshold: 1,
    });
    alarm({
      name: `${title(name)}Errors`,
      description: `The function ${functionName(name)} crashed or timed out: see its log group.`,
      metric: errors(name),
      threshold: 1,
      periods: 2,
    });
  }
  alarm({
    name: 'WorkAge',
    description:
      'The oldest work message has waited for half an hour: runs are too slow, or one account keeps failing.',
    metric: age(NAMES.workQueue),
    threshold: 30 * 60,
  });
  alarm({
    name: 'IntakeAge',
    description: 'The oldest event has waited for a quarter of an hour: intake does not process it.',
    metric: age(NAMES.intakeQueue),
    threshold: 15 * 60,
  });
  alarm({
    name: 'ClockStopped',
    description: 'The sweep function has not run for a quarter of an hour: the schedules do not reach it.',
    metric: invocations('sweep'),
    threshold: 0,
    periods: 3,
    below: true,
  });
  alarm({
    name: 'ScheduleDropped',
    description: 'The nightly sweep, a tick or a listing could not be delivered in time and was dropped.',
    metric: metric('AWS/Scheduler', 'InvocationDroppedCount', { ScheduleGroup: NAMES.scheduleGroup }, 'Sum'),
    threshold: 1,
  });
  for (const { event, ...stop } of STOPS) alarm({ ...stop, threshold: 1, silent: isTold(event, context) });
  alarm({
    name: 'AccountsNotReady',
    description:
      'Accounts have not been ready for more than a day: `orgkeeper accounts --not-ready` lists them, with the reasons.',
    metric: ofSweep('AccountsNotReadyForADay'),
    threshold: 1,
    gauge: true,
  });
  if (tells) {
    alarm({
      name: 'NoticesUndelivered',
      description:
        'Notices did not reach those whom context notify names: the messages in the queue say why.',
      metric: waiting(UNDELIVERED_NOTICES),
      threshold: 1,
    });
  }
  dashboard(stack, context);
}

const ofSweep = (name: string) => metric('Orgkeeper', name, { service: 'sweep' });

/** What stops by itself, and waits for a person. */
const STOPS = [
  {
    event: 'SweepStopped',
    name: 'SweepStopped',
    description:
      'The brake has stopped a sweep: look at some of its accounts, then sweep again or pause the baseline.',
    metric: ofSweep('SweepsStopped'),
  },
  {
    event: 'RolloutHalted',
    name: 'RolloutHalted',
    description: 'A roll-out has halted: `orgkeeper rollout show` says why, and how it goes on or back.',
    metric: ofSweep('RolloutsHalted'),
  },
] as const;

/** Whether the address of the alarms gets a notice of this event: nothing is told twice. */
function isTold(event: AnnouncementType, { alarmEmail, notify }: DeploymentContext): boolean {
  return noticesOf(notify).some(
    (told) => told.event === event && told.to.is === 'email' && told.to.address === alarmEmail,
  );
}

function dashboard(stack: Stack, context: DeploymentContext): void {
  const graph = (title: string, left: cloudwatch.IMetric[]) =>
    new cloudwatch.GraphWidget({ title, left, region: context.region, width: 8, height: 6 });
  const queues = Object.values(QUEUES);
  new cloudwatch.Dashboard(stack, 'Dashboard', {
    dashboardName: `orgkeeper-${context.region}`,
    widgets: [
      [
        graph('Messages waiting', queues.map(waiting)),
        graph('Age of the oldest message (s)', queues.map(age)),
        graph('Dead letters', queues.map(deadLettersOf).map(waiting)),
      ],
      [
        graph('Invocations', FUNCTIONS.map(invocations)),
        graph('Errors', FUNCTIONS.map(errors)),
        graph(
          'Longest run (ms)',
          FUNCTIONS.map((name) => metric('AWS/Lambda', 'Duration', { FunctionName: functionName(name) })),
        ),
      ],
      [
        graph('Runs by result', [counted('Result', 'Passes')]),
        graph('Differences by kind', [counted('Kind', 'Differences')]),
        graph('Slowest account from its event to ready (s)', [
          metric('Orgkeeper', 'SecondsToReady', { service: 'reconcile' }),
        ]),
      ],
      [
        graph('Accounts by state', [counted('State', 'Accounts', 'Maximum')]),
        graph('Accounts not ready for more than a day', [ofSweep('AccountsNotReadyForADay')]),
        graph(
          'Stopped sweeps, halted roll-outs',
          STOPS.map((stop) => stop.metric),
        ),
      ],
    ],
  });
}

/** A metric of ours, with a line for each value of the dimension. */
const counted = (dimension: string, name: string, statistic: 'Sum' | 'Maximum' = 'Sum') =>
  new cloudwatch.MathExpression({
    expression: `SEARCH('{Orgkeeper,service,${dimension}} MetricName="${name}"', '${statistic}', 300)`,
    label: '',
    usingMetrics: {},
  });
const waiting = (queue: string) =>
  metric('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: queue });
const age = (queue: string) => metric('AWS/SQS', 'ApproximateAgeOfOldestMessage', { QueueName: queue });
const errors = (name: (typeof FUNCTIONS)[number]) =>
  metric('AWS/Lambda', 'Errors', { FunctionName: functionName(name) }, 'Sum');
const invocations = (name: (typeof FUNCTIONS)[number]) =>
  metric('AWS/Lambda', 'Invocations', { FunctionName: functionName(name) }, 'Sum');
