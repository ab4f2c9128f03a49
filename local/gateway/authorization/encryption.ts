import type { Requester } from '../../../shared/policy/requester.ts';
import type { Check } from './checks.ts';
import { keysVia } from './request-keys.ts';

/**
 * What AWS checks on the key of an encrypted queue or topic, in the name of whoever uses that.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
const USES: Readonly<Record<string, readonly string[]>> = {
  'sns:Publish': ['kms:GenerateDataKey', 'kms:Decrypt'],
  'sqs:ReceiveMessage': ['kms:Decrypt'],
  'sqs:SendMessage': ['kms:GenerateDataKey', 'kms:Decrypt'],
};

/** The encryption context of messages, by service. */
const CONTEXT: Readonly<Record<string, string>> = { sns: 'aws:sns:topicArn', sqs: 'aws:sqs:arn' };

/** True of a check whose resource may be encrypted with a key that whoever asks must be allowed to use. */
export function needsKey({ action }: Check): boolean {
  return USES[action] !== undefined;
}

/**
 * The checks on the key, for a check that is allowed: of a caller, in whose name the queue or topic asks for the key, or of a service. Pure.
 */
export function keyChecks(
  { action, resource, context }: Check,
  keyArn: string,
  by: Requester['type'] = 'AWS',
): readonly Check[] {
  const [, , service = '', region = ''] = resource.split(':');
  return (USES[action] ?? []).map((use) => ({
    action: use,
    resource: keyArn,
    context: {
      ...(by === 'Service' ? context : keysVia(`${service}.amazonaws.com`, context)),
      'kms:ViaService': `${service}.${region}.amazonaws.com`,
      [`kms:EncryptionContext:${CONTEXT[service]}`]: resource,
    },
    dependent: true,
  }));
}
