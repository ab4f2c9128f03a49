import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { localClient } from '../deploy.ts';
import { localAccessKeyId } from '../gateway/callers.ts';
import { withoutAws } from '../own-environment.ts';
import type { Runtime } from '../runtime.ts';
import type { Expectation } from './expectations.ts';

/** The output of `orgkeeper template member --json`. */
export interface Invitation {
  readonly roleArn: string;
  readonly externalId: string;
  readonly template: object;
}

const CLI = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));

/** Gets the template of an account from the command line, as the administrator of Main. */
export async function invitation(at: Runtime, accountId: string, name: string): Promise<Invitation> {
  const env = {
    ...withoutAws(process.env),
    AWS_ENDPOINT_URL: at.endpoint,
    AWS_REGION: at.region,
    AWS_ACCESS_KEY_ID: localAccessKeyId(at.accounts.main),
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const args = [CLI, 'template', 'member', '--account', accountId, '--name', name, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as Invitation;
}

/** Deploys the template in the account, as its owner. */
export async function deployMember(at: Runtime, accountId: string, template: object): Promise<void> {
  const cloudFormation = new CloudFormationClient(localClient(at.endpoint, accountId, at.region));
  const command = new CreateStackCommand({
    StackName: 'orgkeeper-member',
    TemplateBody: JSON.stringify(template),
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  });
  await cloudFormation.send(command);
}

/** Tries to assume the role as the API role, which its trust policy names: that must work only with the ExternalId. */
export async function doors(at: Runtime, { roleArn, externalId }: Invitation): Promise<Expectation[]> {
  const settings = localClient(at.endpoint, at.accounts.main, at.region);
  const api = `arn:aws:iam::${at.accounts.main}:role/orgkeeper-ApiHandlerRole`;
  const credentials = await assume(new STSClient(settings), api);
  const knock = async (what: string, given: string | undefined, opens: boolean): Promise<Expectation> => {
    const said = await assume(new STSClient({ ...settings, credentials }), roleArn, given).then(
      () => 'assumed',
      (error: Error) => error.name,
    );
    return { what: `sts assume-role ${what}`, says: said, holds: (said === 'assumed') === opens };
  };
  return Promise.all([
    knock('with the ExternalId', externalId, true),
    knock('without it', undefined, false),
    knock('with a wrong one', 'wrong', false),
  ]);
}

async function assume(sts: STSClient, RoleArn: string, ExternalId?: string) {
  const command = new AssumeRoleCommand({
    RoleArn,
    RoleSessionName: 'demo',
    ...(ExternalId && { ExternalId }),
  });
  const { Credentials: given } = await sts.send(command);
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}
