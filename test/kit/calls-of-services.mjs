// Calls of services by each of the SDK's protocols, with fixed answers. Prints the requests that were sent, and what was read from the
// answers: a bundle of this file must print what the file itself does.
import { Readable } from 'node:stream';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateVpcCommand, DescribeRouteTablesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetBucketOwnershipControlsCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { PutPublicAccessBlockCommand, S3ControlClient } from '@aws-sdk/client-s3-control';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

const printed = [];
const tags = [{ Key: 'team', Value: 'genomics' }];

await call(
  EC2Client,
  new CreateVpcCommand({
    CidrBlock: '10.0.0.0/16',
    TagSpecifications: [{ ResourceType: 'vpc', Tags: tags }],
  }),
  '<R><vpc><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/16</cidrBlock></vpc></R>',
);
await call(
  EC2Client,
  new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: ['vpc-1'] }] }),
  '<R><routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId></item></routeSet><associationSet><item><main>true</main></item></associationSet><tagSet><item><key>team</key><value>genomics</value></item></tagSet></item></routeTableSet><nextToken>next</nextToken></R>',
);
await call(
  IAMClient,
  new CreateRoleCommand({ RoleName: 'reader', AssumeRolePolicyDocument: '{}', Tags: tags }),
  '<R><CreateRoleResult/></R>',
);
await call(
  IAMClient,
  new GetRoleCommand({ RoleName: 'reader' }),
  '<R><GetRoleResult><Role><RoleName>reader</RoleName><CreateDate>2026-01-01T00:00:00Z</CreateDate><Tags><member><Key>team</Key><Value>genomics</Value></member></Tags></Role></GetRoleResult></R>',
);
await call(
  IAMClient,
  new GetRoleCommand({ RoleName: 'missing' }),
  '<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>There is none.</Message></Error></ErrorResponse>',
  404,
);
await call(
  S3Client,
  new GetBucketOwnershipControlsCommand({ Bucket: 'lake' }),
  '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
);
await call(
  S3Client,
  new ListBucketsCommand({ MaxBuckets: 10 }),
  '<R><Buckets><Bucket><Name>lake</Name><BucketRegion>eu-west-1</BucketRegion></Bucket></Buckets></R>',
);
await call(
  S3ControlClient,
  new PutPublicAccessBlockCommand({
    AccountId: '123456789012',
    PublicAccessBlockConfiguration: { BlockPublicAcls: true },
  }),
  '',
);
await call(
  SSMClient,
  new GetParametersCommand({ Names: ['/a'] }),
  '{"Parameters":[{"Name":"/a","Value":"1","LastModifiedDate":1767225600}]}',
);
await call(
  DynamoDBClient,
  new GetItemCommand({ TableName: 'orgkeeper', Key: { pk: { S: 'account' } } }),
  '{"Item":{"pk":{"S":"account"},"version":{"N":"7"}}}',
);
process.stdout.write(`${JSON.stringify(printed, undefined, 2)}\n`, () => process.exit());

async function call(Client, command, body, statusCode = 200) {
  const requestHandler = {
    async handle({ method, hostname, path, query, body: sent, headers }) {
      const target = headers['x-amz-target'];
      printed.push({ method, hostname, path, query, target, sent: textOf(sent) });
      const type = body.startsWith('{') ? 'application/x-amz-json-1.0' : 'text/xml';
      return {
        response: { statusCode, headers: { 'content-type': type }, body: Readable.from([Buffer.from(body)]) },
      };
    },
  };
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' };
  const client = new Client({ region: 'eu-west-1', credentials, requestHandler, maxAttempts: 1 });
  try {
    const { $metadata: _, ...read } = await client.send(command);
    printed.push({ read });
  } catch (error) {
    printed.push({ thrown: error.name, message: error.message });
  }
}

function textOf(body) {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
