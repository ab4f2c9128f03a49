import { isObject } from '../wire.ts';
import { UnknownAuthorization } from './unknown.ts';

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
