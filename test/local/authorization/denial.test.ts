import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRoleCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { GetPublicAccessBlockCommand } from '@aws-sdk/client-s3-control';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { denial, type Refusal } from '../../../local/gateway/authorization/denial.ts';
import { saysOrganizationPolicy } from '../../../shared/aws/denials.ts';
import { translateError } from '../../../shared/aws/translate-error.ts';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import { ACCOUNT, CALLER, clients, recorded } from './recorded.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/deep/app`;
const noneAllows: Refusal = { explicit: false, by: 'identity' };

/** The error that the SDK makes of a denial of this command. */
async function refused(
  client: keyof typeof clients,
  command: () => object,
  asked: { action: string; resource: string },
  refusal = noneAllows,
) {
  const reply = denial(await recorded(clients[client], command()), { ...asked, context: {} }, refusal);
  const error = await recorded(clients[client], command(), reply).catch((thrown: unknown) => thrown);
  return error as Error & { $metadata: { httpStatusCode: number } };
}

describe('denial', () => {
  it.each([
    ['iam', () => new DeleteRoleCommand({ RoleName: 'app' }), 'iam:DeleteRole', ROLE, 'role app'],
    ['iam', () => new DeleteRoleCommand({ RoleName: 'app' }), 'iam:TagRole', ROLE, ROLE],
    [
      'sts',
      () => new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's1' }),
      'sts:AssumeRole',
      ROLE,
      ROLE,
    ],
    ['ec2', () => new DescribeVpcsCommand({}), 'ec2:DescribeVpcs', '*', '*'],
    [
      's3',
      () => new GetObjectCommand({ Bucket: 'b', Key: 'k' }),
      's3:GetObject',
      'arn:aws:s3:::b/k',
      '"arn:aws:s3:::b/k"',
    ],
    [
      's3control',
      () => new GetPublicAccessBlockCommand({ AccountId: ACCOUNT }),
      's3:GetAccountPublicAccessBlock',
      '*',
      '"*"',
    ],
    ['dynamodb', () => new GetCommand({ TableName: 't', Key: {} }), 'dynamodb:GetItem', 'arn:t', 'arn:t'],
    ['events', () => new DescribeRuleCommand({ Name: 'r' }), 'events:DescribeRule', 'arn:r', 'arn:r'],
    [
      'lambda',
      () => new GetFunctionConfigurationCommand({ FunctionName: 'f' }),
      'lambda:GetFunctionConfiguration',
      'arn:f',
      'arn:f',
    ],
  ] as const)(
    'answers %s with an error that our own code translates to AccessDenied',
    async (client, command, action, resource, named) => {
      const error = await refused(client, command, { action, resource });
      const said = `User: ${CALLER.arn} is not authorized to perform: ${action} on resource: ${named} because no identity-based policy allows the ${action} action`;
      expect(error.message).toContain(said);
      const name = {
        ec2: 'UnauthorizedOperation',
        dynamodb: 'AccessDeniedException',
        events: 'AccessDeniedException',
        lambda: 'AccessDeniedException',
      };
      expect(error.name).toBe(name[client as keyof typeof name] ?? 'AccessDenied');
      expect(error.$metadata.httpStatusCode).toBe(client === 'dynamodb' || client === 'events' ? 400 : 403);
      expect(translateError(action, error)).toBeInstanceOf(AccessDenied);
    },
  );

  it.each([
    [{ explicit: true, by: 'identity' }, 'with an explicit deny in an identity-based policy', false],
    [{ explicit: true, by: 'trust' }, 'with an explicit deny in the role trust policy', false],
    [
      { explicit: false, by: 'trust' },
      'because no role trust policy allows the sts:AssumeRole action',
      false,
    ],
    [{ explicit: false, by: 'session' }, 'because no session policy allows the sts:AssumeRole action', false],
    [
      { explicit: false, by: 'boundary' },
      'because no permissions boundary allows the sts:AssumeRole action',
      false,
    ],
    [{ explicit: true, by: 'resource' }, 'with an explicit deny in a resource-based policy', false],
    [{ explicit: true, by: 'scp' }, 'with an explicit deny in a service control policy', true],
    [
      { explicit: false, by: 'scp' },
      'because no service control policy allows the sts:AssumeRole action',
      true,
    ],
    [{ explicit: true, by: 'rcp' }, 'with an explicit deny in a resource control policy', true],
  ] as const)('names the kind of policy that decided: %j', async (refusal, why, ofOrganization) => {
    const command = () => new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 's1' });
    const error = await refused('sts', command, { action: 'sts:AssumeRole', resource: ROLE }, refusal);
    expect(error.message.endsWith(` on resource: ${ROLE} ${why}`)).toBe(true);
    expect(saysOrganizationPolicy(error)).toBe(ofOrganization);
  });
});
