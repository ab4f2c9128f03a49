import { expect, test } from '@jest/globals';
import { memberClients } from '../../shared/aws/member-clients.ts';

const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };

test('clients in another region have the same credentials there, and are the same in their own', async () => {
  const clients = memberClients({ credentials, region: 'eu-west-1' });
  const there = clients.inRegion('us-east-1');
  expect(await clients.ec2.config.region()).toBe('eu-west-1');
  expect(await there.ec2.config.region()).toBe('us-east-1');
  expect(await there.ec2.config.credentials()).toMatchObject(credentials);
  expect(clients.inRegion('eu-west-1')).toBe(clients);
});
