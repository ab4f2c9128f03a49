import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { type Access, createAccess, identityOf } from '../shared/aws/access.ts';
import type { Config } from '../shared/deployment/config.ts';
import { Failure } from './failure.ts';

/** The API role, assumed. */
interface ApiRole {
  readonly credentials: AwsCredentialIdentity;
  /** From the API role on: the inspecting role in the management account, and execution roles. No account is entered. */
  readonly access: Access;
}

/**
 * Assumes the API role, through which people look at a deployment and use execution roles.
 * @throws Failure when the caller is none of its operators
 */
export async function assumeApiRole(config: Config, sessionName: string): Promise<ApiRole> {
  const sts = new STSClient({ region: config.region });
  const command = new AssumeRoleCommand({ RoleArn: config.apiRoleArn, RoleSessionName: sessionName });
  const { Credentials } = await sts.send(command).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.name.startsWith('AccessDenied')) throw error;
    throw new Failure(
      `${config.apiRoleArn} cannot be assumed: name the caller in context \`operators\`, and allow it sts:AssumeRole.`,
    );
  });
  const credentials = identityOf(Credentials);
  if (!credentials) throw new Failure(`STS gave no credentials for ${config.apiRoleArn}.`);
  return { credentials, access: createAccess({ config, organizationRole: 'inspecting', credentials }) };
}
