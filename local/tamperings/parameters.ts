import {
  DeleteParameterCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
} from '@aws-sdk/client-ssm';
import type { DifferenceAction } from '../../shared/domain/status.ts';
import { CIDR } from '../account-world.ts';
import type { Tampering, Values } from './tampering.ts';

const inParameter = (resource: string, path: string, action: DifferenceAction, values?: Values) => ({
  kind: 'parameters',
  resource,
  path,
  action,
  ...values,
});

/** What people do to the parameters. */
export const ofParameters: readonly Tampering[] = [
  {
    command: 'ssm put-parameter --overwrite (value)',
    account: 'edited',
    tamper: ({ ssm }) =>
      ssm.send(
        new PutParameterCommand({
          Name: '/orgkeeper/network/vpc-cidr',
          Value: '10.9.0.0/16',
          Overwrite: true,
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/network/vpc-cidr']?.value,
    difference: inParameter('/orgkeeper/network/vpc-cidr', 'value', 'updated', {
      desired: CIDR,
      actual: '10.9.0.0/16',
    }),
  },
  {
    command: 'ssm put-parameter --overwrite (description)',
    account: 'untagged',
    tamper: ({ ssm, accountId }) =>
      ssm.send(
        new PutParameterCommand({
          Name: '/orgkeeper/account/id',
          Value: accountId,
          Description: 'no idea',
          Overwrite: true,
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/account/id']?.description,
    difference: inParameter('/orgkeeper/account/id', 'description', 'updated', {
      desired: 'Id of this account',
      actual: 'no idea',
    }),
  },
  {
    command: 'ssm delete-parameter',
    account: 'edited',
    tamper: ({ ssm }) => ssm.send(new DeleteParameterCommand({ Name: '/orgkeeper/network/vpc-id' })),
    changes: ({ parameters }) => parameters['/orgkeeper/network/vpc-id'],
    difference: inParameter('/orgkeeper/network/vpc-id', '', 'created'),
  },
  {
    command: 'ssm remove-tags-from-resource',
    account: 'untagged',
    tamper: ({ ssm }) =>
      ssm.send(
        new RemoveTagsFromResourceCommand({
          ResourceType: 'Parameter',
          ResourceId: '/orgkeeper/role/arn',
          TagKeys: ['orgkeeper:name'],
        }),
      ),
    changes: ({ parameters }) => parameters['/orgkeeper/role/arn']?.tags,
    difference: inParameter('/orgkeeper/role/arn', 'tags.orgkeeper:name', 'created'),
  },
];
