import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { expect, test } from '@jest/globals';
import { memberClients } from '../../shared/aws/member-clients.ts';
import type { Endpoint } from '../../shared/aws/outages.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';

const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };

test('clients in another region have the same credentials there, and are the same in their own', async () => {
  const clients = memberClients({ credentials, region: 'eu-west-1' });
  const there = clients.inRegion('us-east-1');
  expect(await clients.ec2.config.region()).toBe('eu-west-1');
  expect(await there.ec2.config.region()).toBe('us-east-1');
  expect(await there.ec2.config.credentials()).toMatchObject(credentials);
  expect(clients.inRegion('eu-west-1')).toBe(clients);
});

test('each attempt goes through whoever knows the endpoints, of which a global service has one', async () => {
  const seen: unknown[] = [];
  const attempt = (at: Endpoint) => {
    seen.push(at);
    return Promise.reject(new ServiceFault('it is down'));
  };
  const { ec2, iam, inRegion } = memberClients({ credentials, region: 'eu-west-1', attempt });
  const calls = [
    () => ec2.send(new DescribeVpcsCommand({})),
    () => iam.send(new ListRolesCommand({})),
    () => inRegion('us-east-1').ec2.send(new DescribeVpcsCommand({})),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow('it is down');
  expect(seen).toEqual([
    { service: 'ec2', region: 'eu-west-1' },
    { service: 'iam' },
    { service: 'ec2', region: 'us-east-1' },
  ]);
});
