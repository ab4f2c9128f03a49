import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localClient } from '../deploy.ts';
import type { Runtime } from '../runtime.ts';

/** An event that Orgkeeper put on the bus. */
export interface Answer {
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Subscribes a queue to what Orgkeeper announces, as any other system would; each call takes what came since. */
export async function listen(runtime: Runtime): Promise<() => Promise<Answer[]>> {
  const settings = localClient(runtime.endpoint, runtime.accounts.main, runtime.region);
  const sqs = new SQSClient({ ...settings, useQueueUrlAsEndpoint: false });
  const bus = new EventBridgeClient(settings);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'demo' }));
  const EventBusName = 'orgkeeper';
  const EventPattern = JSON.stringify({ source: ['orgkeeper'] });
  const Arn = `arn:aws:sqs:${runtime.region}:${runtime.accounts.main}:demo`;
  await bus.send(new PutRuleCommand({ Name: 'demo', EventBusName, EventPattern }));
  await bus.send(new PutTargetsCommand({ Rule: 'demo', EventBusName, Targets: [{ Id: 'demo', Arn }] }));
  return async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    return Promise.all(
      Messages.map(async ({ Body = '{}', ReceiptHandle }) => {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        const event = JSON.parse(Body) as { 'detail-type': string; detail: Record<string, unknown> };
        return { detailType: event['detail-type'], detail: event.detail };
      }),
    );
  };
}
