import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLettersOf, QUEUES, UNDELIVERED } from '../../shared/deployment/names.ts';
import { counted } from '../../shared/domain/words.ts';
import {
  combined,
  type DoctorCheck,
  failed,
  ok,
  PUT_BACK_MAIN,
  PUT_BACK_MANAGEMENT,
  unlessMissing,
} from './check.ts';

/** Whether messages failed for good, in Main or on the way there. */
export const messages: readonly DoctorCheck[] = [
  {
    name: 'dead-letters',
    async look({ main }) {
      const findings = Object.values(QUEUES).map(async (queue) => {
        const name = deadLettersOf(queue);
        const waiting = await count(main.sqs, name);
        if (waiting === undefined) return failed(`There is no queue ${name}.`, PUT_BACK_MAIN);
        return waiting === 0
          ? undefined
          : failed(
              `${counted(waiting, 'message')} in ${name} failed for good.`,
              'Read them with `orgkeeper dead-letters list`, correct the cause, then `orgkeeper dead-letters redrive`.',
            );
      });
      return combined(await Promise.all(findings), 'No message has failed for good.');
    },
  },
  {
    name: 'undelivered',
    async look({ config, management }) {
      const waiting = await count((await management()).sqs, UNDELIVERED);
      if (waiting === undefined)
        return failed(`There is no queue ${UNDELIVERED} in the management account.`, PUT_BACK_MANAGEMENT);
      return waiting === 0
        ? ok("Every event of the organization reached Main's bus.")
        : failed(
            `${counted(waiting, 'event')} of the organization did not reach Main's bus.`,
            `The hourly listing replaces them. Correct what \`bus\` or \`forwarding\` reports, then empty the queue, in the management account: \`aws sqs purge-queue --queue-url https://sqs.${config.organizationsRegion}.${suffix(config.partition)}/${config.managementAccountId}/${UNDELIVERED} --region ${config.organizationsRegion}\`.`,
          );
    },
  },
];

/** Number of messages in the queue, including those in flight; undefined if the queue does not exist. */
async function count(sqs: SQSClient, QueueName: string): Promise<number | undefined> {
  const found = await unlessMissing(sqs.send(new GetQueueUrlCommand({ QueueName })));
  if (!found) return undefined;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: found.QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, text) => sum + Number(text), 0);
}

function suffix(partition: string): string {
  return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}
