import { aws_dynamodb as dynamodb, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { INDEXES, NAMES } from '../../shared/deployment/names.ts';

/**
 * The one table: accounts with status, history and address blocks; address pools; baselines and rules; requests for accounts; sweeps,
 * the listing and what is paused; rejections. shared/store defines the keys, one file for each entity. The table is retained when the
 * stack is deleted. Index `collection` lists accounts, baselines, rules and roll-outs, and, by time, lines of history, sweeps and
 * rejections; the sparse indexes `due` and `differing` contain only items with a due time, and only accounts whose last run found
 * differences, so a query of them costs almost nothing.
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
  made.addGlobalSecondaryIndex({
    indexName: INDEXES.differing,
    partitionKey: text('differing'),
    sortKey: text('collectionKey'),
    projectionType: dynamodb.ProjectionType.KEYS_ONLY,
  });
  return made;
}
