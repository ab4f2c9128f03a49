import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The one table, and the client to it. Names of keys and indexes are those of the main stack's template. */
export interface Table {
  readonly documents: DynamoDBDocumentClient;
  readonly name: string;
}

/** Index of items by their sort (`collection`), in the order of `collectionKey`. */
export const COLLECTION_INDEX = 'collection';
/** Sparse index of what must be looked at later (`due`), soonest first. */
export const DUE_INDEX = 'due';

/** True when a conditional write was refused because the item is no longer what was read. */
function conditionFailed(error: unknown): boolean {
  if (error instanceof ConditionalCheckFailedException || error instanceof TransactionConflictException)
    return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(
      ({ Code }) => Code === 'ConditionalCheckFailed' || Code === 'TransactionConflict',
    )
  );
}

/** Runs a conditional write; true when it was done, false when the condition did not hold. */
export async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}
