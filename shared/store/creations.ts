import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type Table, unlessChanged } from './table.ts';

/** An account that AWS did not create, and why. */
export interface CreationFailure {
  /** AWS's id of the request: `car-…`. */
  readonly creationId: string;
  readonly reason: string;
  readonly message: string;
  readonly eventId: string;
  readonly failedAt: string;
}

/** Records a failed creation; false when it is recorded already. */
export async function recordCreationFailure(table: Table, failure: CreationFailure): Promise<boolean> {
  return unlessChanged(() =>
    table.documents.send(
      new PutCommand({
        TableName: table.name,
        Item: {
          ...failure,
          pk: `creation#${failure.creationId}`,
          sk: 'result',
          collection: 'creation-failure',
          collectionKey: `${failure.failedAt}#${failure.creationId}`,
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    ),
  );
}
