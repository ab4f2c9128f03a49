import { aws_dynamodb as dynamodb, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { INDEXES, NAMES } from '../../shared/deployment/names.ts';

/**
 * The one table: accounts with their status, history and address; pools of addresses; baselines and rules; requests
 * for accounts; sweeps, the listing and what is paused; rejections. Keys are made in shared/store, each sort in a file.
 * It outlives the stack. Index `collection` lists accounts, statuses, baselines and rules; `due` holds only what must be
 * looked at later, so asking it costs next to nothing.
 */
export function mainTable(scope: Construct): dynamodb.Table {
  const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });
  const made = new dynamodb.Table(scope, 'Table', {
    tableName: NAMES.table,
    partitionKey: text('pk'),
    sortKey: text('sk'),
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: 'expiresAt',
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  made.addGlobalSecondaryIndex({
    indexName: INDEXES.collection,
    partitionKey: text('collection'),
    sortKey: text('collectionKey'),
    projectionType: dynamodb.ProjectionType.ALL,
  });
  made.addGlobalSecondaryIndex({
    indexName: INDEXES.due,
    partitionKey: text('due'),
    sortKey: text('dueAt'),
    projectionType: dynamodb.ProjectionType.KEYS_ONLY,
  });
  return made;
}
