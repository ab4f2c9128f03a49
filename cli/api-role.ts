import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { type Access, createAccess, identityOf } from '../shared/aws/access.ts';
import type { Config } from '../shared/deployment/config.ts';
import { Failure } from './failure.ts';

/** The API role, assumed. */
interface ApiRole {
  readonly credentials: AwsCredentialIdentity;
  /** The roles that the API role can assume: the inspecting role and execution roles. Access roles are not among them. */
  readonly access: Access;
}

/**
 * Assumes the API role, which lets people inspect a deployment and use execution roles.
 * @throws Failure if the caller is not one of its operators
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
