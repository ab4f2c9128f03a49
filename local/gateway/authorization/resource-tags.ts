import { DynamoDBClient, ListTagsOfResourceCommand } from '@aws-sdk/client-dynamodb';
import { DescribeTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, ListTagsForResourceCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListPolicyTagsCommand, ListRoleTagsCommand } from '@aws-sdk/client-iam';
import {
  ListTagsForResourceCommand as ListTagsInOrganization,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { GetQueueUrlCommand, ListQueueTagsCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ListTagsForResourceCommand as ListTagsOfParameter, SSMClient } from '@aws-sdk/client-ssm';
import type { Upstream } from '../upstream.ts';
import { UnknownAuthorization } from './unknown.ts';

/** Tags by key. */
export type ResourceTags = Readonly<Record<string, string>>;

/** Reads the tags of what an ARN names. @throws UnknownAuthorization for a resource whose tags cannot be read here */
export async function readTags(upstream: Upstream, arn: string): Promise<ResourceTags> {
  const [, , service, region = '', account = '', ...rest] = arn.split(':');
  const resource = rest.join(':');
  const id = resource.split('/').at(-1) ?? '';
  const at = { account, region: region || 'us-east-1' };
  switch (service) {
    case 'ec2': {
      const asked = new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }] });
      return tagsIn((await upstream.client(EC2Client, at).send(asked)).Tags);
    }
    case 'iam': {
      const client = upstream.client(IAMClient, at);
      if (resource.startsWith('role/')) {
        return tagsIn((await client.send(new ListRoleTagsCommand({ RoleName: id }))).Tags);
      }
      if (!resource.startsWith('policy/')) break;
      return tagsIn((await client.send(new ListPolicyTagsCommand({ PolicyArn: arn }))).Tags);
    }
    case 'ssm': {
      const ResourceId = resource.replace(/^parameter(?=\/.*\/)/, '').replace(/^parameter\//, '');
      const asked = new ListTagsOfParameter({ ResourceType: 'Parameter', ResourceId });
      return tagsIn((await upstream.client(SSMClient, at).send(asked)).TagList);
    }
    case 'organizations': {
      const asked = new ListTagsInOrganization({ ResourceId: id });
      return tagsIn((await upstream.client(OrganizationsClient, at).send(asked)).Tags);
    }
    case 'dynamodb': {
      const asked = new ListTagsOfResourceCommand({ ResourceArn: arn.replace(/\/(index|stream)\/.*$/, '') });
      return tagsIn((await upstream.client(DynamoDBClient, at).send(asked)).Tags);
    }
    case 'events': {
      const asked = new ListTagsForResourceCommand({ ResourceARN: arn });
      return tagsIn((await upstream.client(EventBridgeClient, at).send(asked)).Tags);
    }
    case 'sqs': {
      const client = upstream.client(SQSClient, at);
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: resource }));
      return (await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags ?? {};
    }
  }
  throw new UnknownAuthorization(`The gateway cannot read the tags of ${arn}, which a policy asks for.`);
}

function tagsIn(
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): ResourceTags {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
