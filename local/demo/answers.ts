import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localClient } from '../deploy.ts';
import type { Runtime } from '../runtime.ts';
import { until } from './wait.ts';

/** An event that Orgkeeper put on the bus. */
export interface Answer {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The events that Orgkeeper has put on the bus since the subscription. */
export interface Answers {
  /** Waits for the first event that matches. */
  hear(what: string, fits: (answer: Answer) => boolean): Promise<Answer>;
}

/** Subscribes a queue to Orgkeeper's announcements, as any other system can. */
export async function listen(runtime: Runtime): Promise<Answers> {
  const settings = localClient(runtime.endpoint, runtime.accounts.main, runtime.region);
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const bus = new EventBridgeClient(settings);
  const EventBusName = 'orgkeeper';
  const EventPattern = JSON.stringify({ source: ['orgkeeper'] });
  const of = `${runtime.region}:${runtime.accounts.main}`;
  const Arn = `arn:aws:sqs:${of}:demo`;
  const Policy = mayDeliver(Arn, `arn:aws:events:${of}:rule/orgkeeper/demo`);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'demo', Attributes: { Policy } }));
  await bus.send(new PutRuleCommand({ Name: 'demo', EventBusName, EventPattern }));
  await bus.send(new PutTargetsCommand({ Rule: 'demo', EventBusName, Targets: [{ Id: 'demo', Arn }] }));
  const heard: Answer[] = [];
  const receive = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { Body = '{}', ReceiptHandle } of Messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      const event = JSON.parse(Body) as { 'detail-type': string; detail: Record<string, unknown> };
      heard.push({ detailType: event['detail-type'], detail: event.detail });
    }
  };
  return {
    async hear(what, fits) {
      const first = async () => {
        await receive();
        return heard.find(fits);
      };
      return until(what, first, (found) => found !== undefined);
    },
  };
}

/** The policy of a queue to which EventBridge may deliver for this rule: what the console adds by itself, and nobody else does. */
export function mayDeliver(queueArn: string, ruleArn: string): string {
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
