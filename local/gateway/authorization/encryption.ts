import { isObject } from '../wire.ts';
import type { Check } from './checks.ts';
import { UnknownAuthorization } from './unknown.ts';

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

/** The checks on the key, for a check that is allowed. Pure. */
export function keyChecks({ action, resource, context }: Check, keyArn: string): readonly Check[] {
  const [, , service = '', region = ''] = resource.split(':');
  return (USES[action] ?? []).map((use) => ({
    action: use,
    resource: keyArn,
    context: {
      ...context,
      'kms:ViaService': `${service}.${region}.amazonaws.com`,
      [`kms:EncryptionContext:${CONTEXT[service]}`]: resource,
    },
    dependent: true,
  }));
}

/** Services whose keys are decided; of `kms` itself a key is the resource. */
const DECIDED = new Set(['kms', 'sns', 'sqs']);

/** `KmsKeyId`, `SSEKMSKeyId`, `KMSMasterKeyID`, `KmsKeyIdentifier`, `KMSKeyArn`; of Systems Manager `KeyId` */
const NAMES_KEY = /^((sse)?kms(master)?key(id|identifier|arn)|keyid)$/i;

/** Parameters of DynamoDB that hold items, whose attributes have names of their own. */
const ITEMS = /^(Item|Key|ExpressionAttributeValues|RequestItems|TransactItems)$/;

/** @throws UnknownAuthorization where parameters, or the properties of a template, encrypt something else than a queue or topic with a key */
export function refuseOtherKeys(service: string, params: unknown): void {
  if (DECIDED.has(service)) return;
  if (Array.isArray(params)) for (const one of params) refuseOtherKeys(service, one);
  if (!isObject(params)) return;
  for (const [name, value] of Object.entries(params)) {
    if (ITEMS.test(name)) continue;
    if (NAMES_KEY.test(name) && value !== undefined && value !== '') {
      throw new UnknownAuthorization(
        `Who may use the key ${JSON.stringify(value)} of ${service} is not decided.`,
      );
    }
    refuseOtherKeys(service, value);
  }
}
