import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { identityOf } from '../shared/access.ts';
import type { Config } from '../shared/config.ts';
import { Failure } from './failure.ts';

/**
 * Credentials of the API role, through which people enter accounts.
 * @throws Failure when the caller is none of its operators
 */
export async function assumeApiRole(config: Config, sessionName: string): Promise<AwsCredentialIdentity> {
  const sts = new STSClient({ region: config.region });
  const command = new AssumeRoleCommand({ RoleArn: config.apiRoleArn, RoleSessionName: sessionName });
  const { Credentials } = await sts.send(command).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.name.startsWith('AccessDenied')) throw error;
    throw new Failure(
      `${config.apiRoleArn} cannot be assumed: name the caller in context \`operators\`, and allow it sts:AssumeRole.`,
    );
  });
  const given = identityOf(Credentials);
  if (!given) throw new Failure(`STS gave no credentials for ${config.apiRoleArn}.`);
  return given;
}
