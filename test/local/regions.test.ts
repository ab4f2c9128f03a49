import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetResourcesCommand,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestGateway, type TestGateway } from './support.ts';

let local: TestGateway;
beforeAll(async () => {
  local = await startTestGateway();
}, 60_000);
afterAll(() => local?.stop());

const MEMBER = '456789012345';

describe('The gateway', () => {
  it.each(['eu-west-1', 'ap-southeast-3', 'cn-northwest-1', 'us-gov-east-1'])(
    'answers for %s',
    async (region) => {
      const ec2 = new EC2Client({ ...local.as(MEMBER), region });
      expect(await ec2.send(new DescribeVpcsCommand({}))).toHaveProperty('Vpcs');
    },
  );

  it('refuses calls into a region that does not exist', async () => {
    const settings = { ...local.as(MEMBER), region: 'us-nowhere-1' };
    const refused = { name: 'UnknownEndpoint', message: expect.stringContaining('us-nowhere-1') };
    const ec2 = new EC2Client(settings).send(new DescribeVpcsCommand({}));
    await expect(ec2).rejects.toMatchObject(refused);
    const ssm = new SSMClient(settings).send(new GetParametersCommand({ Names: ['/a'] }));
    await expect(ssm).rejects.toMatchObject(refused);
    const tagging = new ResourceGroupsTaggingAPIClient(settings).send(new GetResourcesCommand({}));
    await expect(tagging).rejects.toMatchObject(refused);
  });
});
