import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { GetPublicAccessBlockCommand, PutPublicAccessBlockCommand } from '@aws-sdk/client-s3-control';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requestHandler } from '../../shared/aws/connections.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import { startTestGateway, type TestGateway } from './support.ts';

let local: TestGateway;
beforeAll(async () => {
  local = await startTestGateway();
}, 60_000);
afterAll(() => local?.stop());

const MEMBER = '456789012345';

describe('The gateway in several regions', () => {
  it.each(['eu-west-1', 'ap-southeast-3', 'cn-northwest-1', 'us-gov-east-1'])(
    'answers for %s',
    async (region) => {
      const ec2 = new EC2Client({ ...local.as(MEMBER), region });
      expect(await ec2.send(new DescribeVpcsCommand({}))).toHaveProperty('Vpcs');
    },
  );

  it('answers for the public access block of an account without the account id in the host name', async () => {
    const s3control = memberServices.s3control.client({ ...local.as(MEMBER), requestHandler });
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: false,
    };
    const block = { AccountId: MEMBER, PublicAccessBlockConfiguration };
    await s3control.send(new PutPublicAccessBlockCommand(block));
    const found = await s3control.send(new GetPublicAccessBlockCommand({ AccountId: MEMBER }));
    expect(found).toMatchObject({ PublicAccessBlockConfiguration });
    const other = memberServices.s3control.client({ ...local.as('567890123456'), requestHandler });
    const none = other.send(new GetPublicAccessBlockCommand({ AccountId: '567890123456' }));
    await expect(none).rejects.toMatchObject({ name: 'NoSuchPublicAccessBlockConfiguration' });
  });

  it('refuses calls to a region that does not exist', async () => {
    const settings = { ...local.as(MEMBER), region: 'us-nowhere-1' };
    const refused = { name: 'UnknownEndpoint', message: expect.stringContaining('us-nowhere-1') };
    const ec2 = new EC2Client(settings).send(new DescribeVpcsCommand({}));
    await expect(ec2).rejects.toMatchObject(refused);
    const ssm = new SSMClient(settings).send(new GetParametersCommand({ Names: ['/a'] }));
    await expect(ssm).rejects.toMatchObject(refused);
    const tagging = new ResourceGroupsTaggingAPIClient(settings).send(new GetResourcesCommand({}));
    await expect(tagging).rejects.toMatchObject(refused);
    const s3control = memberServices.s3control.client({ ...settings, requestHandler });
    const block = s3control.send(new GetPublicAccessBlockCommand({ AccountId: MEMBER }));
    await expect(block).rejects.toMatchObject(refused);
  });
});
