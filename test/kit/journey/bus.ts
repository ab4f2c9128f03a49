import { randomUUID } from 'node:crypto';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { mayDeliver } from '../../../local/demo/answers.ts';
import { checkEvent } from '../event-schemas.ts';
import { until } from '../wait.ts';
import type { TestRuntime } from './runtime.ts';

/** An event as a subscriber of the bus receives it. */
export interface BusEvent {
  readonly 'detail-type': string;
  readonly source: string;
  readonly detail: Readonly<Record<string, unknown>> & {
    readonly accountId?: string;
    readonly reason?: string;
    readonly cause?: { readonly id: string; readonly detailType: string };
    readonly problems?: readonly { readonly path: string; readonly message: string }[];
  };
}

/**
 * Subscribes to Orgkeeper's bus, as anybody would, with a rule and a queue. Every event that comes must be as its file in
 * docs/schemas/ says.
 */
export interface Listener {
  /** All events received so far. */
  heard(fits?: (event: BusEvent) => boolean): Promise<BusEvent[]>;
  /** Resolves with the first event that satisfies the condition. */
  hear(what: string, fits: (event: BusEvent) => boolean, seconds?: number): Promise<BusEvent>;
}

export async function listen(runtime: TestRuntime): Promise<Listener> {
  const { main } = runtime.accounts;
  const events = new EventBridgeClient(runtime.as(main));
  const sqs = new SQSClient({ ...runtime.as(main), useQueueUrlAsEndpoint: false });
  const name = `listener-${randomUUID()}`;
  const Arn = `arn:aws:sqs:${runtime.region}:${main}:${name}`;
  const Policy = mayDeliver(Arn, `arn:aws:events:${runtime.region}:${main}:rule/orgkeeper/${name}`);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
  const rule = { Name: name, EventBusName: 'orgkeeper' };
  await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: ['orgkeeper'] }) }));
  await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: 'orgkeeper', Targets: [{ Id: 'queue', Arn }] }),
  );
  const all: BusEvent[] = [];
  const read = async () => {
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return;
      const received = Messages.map(({ Body = '{}' }) => JSON.parse(Body) as BusEvent);
      received.forEach(checkEvent);
      all.push(...received);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  const heard = async (fits: (event: BusEvent) => boolean = () => true) => {
    await read();
    return all.filter(fits);
  };
  return {
    heard,
    hear: (what, fits, seconds = 60) =>
      until(`the event ${what}`, async () => (await heard(fits))[0], {
        seconds,
        seen: () => all.map(({ 'detail-type': type, detail }) => [type, detail.accountId, detail.reason]),
      }),
  };
}
