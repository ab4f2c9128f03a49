import { createHash, randomUUID } from 'node:crypto';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Command, Option } from 'commander';
import { requireOwnRole } from '../../shared/aws/access.ts';
import { translateErrors } from '../../shared/aws/translate-error.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import { shellWord } from '../../shared/domain/escape.ts';
import { partitionOf } from '../../shared/domain/region.ts';
import { counted } from '../../shared/domain/words.ts';
import { assumeApiRole } from '../api-role.ts';
import { connect, type Deployment } from '../client.ts';
import { cacheDirectory, credentialCache, type TemporaryCredentials } from '../credential-cache.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { findAccount, readAccountId } from '../fleet.ts';
import { print, printJson, say } from '../terminal.ts';

/** `credentials ID`: temporary credentials of the execution role, or of another role of the account. */
export function credentialsCommand(): Command {
  return new Command('credentials')
    .description(
      "Prints temporary credentials of an account's execution role, taken through the API role and kept for the hour that they last.",
    )
    .argument('[id]', 'account id, 12 digits')
    .addOption(
      new Option(
        '--format <format>',
        'env: export lines; json; process: for credential_process of the AWS configuration',
      )
        .choices(['env', 'json', 'process'])
        .default('env'),
    )
    .option(
      '--role <name>',
      'another role of the account, by name or path/name, which your own credentials may assume; needs no access to Main',
    )
    .option('--logout', 'delete cached credentials, of one account or of all')
    .addHelpText(
      'after',
      examples(
        'eval "$(orgkeeper credentials 456789012345)"',
        'orgkeeper credentials 456789012345 --format json',
      ),
    )
    .action(async (id: string | undefined, options: { format: Format; role?: string; logout?: boolean }) => {
      const { format, role } = options;
      if (options.logout) return logout(id);
      if (!id) throw new Failure('Name the account: `orgkeeper credentials ID`.');
      return role === undefined ? credentials(id, format) : roleCredentials(id, role, format);
    });
}

/** The output format: lines for a shell, plain JSON, or the JSON of `credential_process`. */
type Format = 'env' | 'json' | 'process';

/**
 * `credentials ID`: temporary credentials of the account's execution role, for at most one hour (AWS's limit for role chaining),
 * through the API role. They are cached for that hour.
 * @throws Failure
 */
export async function credentials(id: string, format: Format): Promise<void> {
  const deployment = await connect();
  const { record, status } = await findAccount(deployment.table, id);
  const roleArn = record.executionRoleArn ?? status?.outputs['role.arn'];
  const cache = credentialCache(cacheDirectory('credentials'));
  const prefix = `${record.accountId}-execution-`;
  if (record.lifecycle !== 'managed' || !roleArn) {
    await cache.drop(prefix);
    throw new Failure(
      `Account ${record.accountId} has no execution role to assume: \`orgkeeper account ${record.accountId}\` shows its state.`,
    );
  }
  requireOwnRole(roleArn, record.accountId);
  const key = `${prefix}${await fingerprint([roleArn, record.externalId, status?.admitted?.at])}`;
  const given = await cachedOr(key, () => assume(deployment, record, roleArn), prefix);
  printCredentials(given, format);
}

/**
 * `credentials ID --role NAME`: temporary credentials of a role that the caller may assume, as the policies of both accounts say. Main
 * has no part in it. They are cached like those of the execution role, by caller and role.
 * @throws Failure
 */
async function roleCredentials(id: string, name: string, format: Format): Promise<void> {
  const accountId = readAccountId(id);
  if (!/^[\w+=,.@-]+(\/[\w+=,.@-]+)*$/.test(name)) {
    throw new Failure(`${name} is not the name of a role: say \`--role NAME\` or \`--role path/NAME\`.`);
  }
  const sts = new STSClient({});
  const partition = partitionOf(await sts.config.region()) ?? 'aws';
  const roleArn = `arn:${partition}:iam::${accountId}:role/${name}`;
  const prefix = `${accountId}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}-`;
  const given = await cachedOr(
    `${prefix}${await fingerprint([roleArn])}`,
    () => assumeOwn(sts, roleArn),
    prefix,
  );
  printCredentials(given, format);
}

async function assumeOwn(sts: STSClient, RoleArn: string): Promise<TemporaryCredentials> {
  const RoleSessionName = `credentials-${randomUUID()}`;
  const { Credentials: given } = await translateErrors('sts:AssumeRole', () =>
    sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName })),
  ).catch((error: unknown) => {
    if (!(error instanceof AccessDenied)) throw error;
    throw new Failure(
      `Your credentials cannot assume ${RoleArn}: your own policies must allow it, and the role must trust you. ${error.message}`,
    );
  });
  return {
    AccessKeyId: given?.AccessKeyId ?? '',
    SecretAccessKey: given?.SecretAccessKey ?? '',
    SessionToken: given?.SessionToken ?? '',
    Expiration: (given?.Expiration ?? new Date(Date.now() + 3_600_000)).toISOString(),
  };
}

/** Cached credentials of this key; otherwise new ones, which replace those of the prefix. */
async function cachedOr(
  key: string,
  assume: () => Promise<TemporaryCredentials>,
  prefix: string,
): Promise<TemporaryCredentials> {
  const cache = credentialCache(cacheDirectory('credentials'));
  const cached = await cache.get(key, new Date());
  if (cached) return cached;
  await cache.drop(prefix);
  const given = await assume();
  await cache
    .put(key, given)
    .catch((error: Error) => say(`The credentials cannot be cached: ${error.message}.`));
  return given;
}

/** `credentials --logout [ID]`: deletes cached credentials, of one account or of all. */
export async function logout(id: string | undefined): Promise<void> {
  const dropped = await credentialCache(cacheDirectory('credentials')).drop(
    id ? `${readAccountId(id)}-` : '',
  );
  say(`Deleted the cached credentials of ${counted(dropped, 'role')}.`);
}

async function assume(
  { config }: Deployment,
  record: AccountRecord,
  roleArn: string,
): Promise<TemporaryCredentials> {
  const name = `credentials-${randomUUID()}`;
  const { access } = await assumeApiRole(config, name);
  const given = await access.tryRole(roleArn, { name }, record.externalId).catch((error: unknown) => {
    if (!(error instanceof AccessDenied)) throw error;
    throw new Failure(
      `The API role cannot assume ${roleArn} with the account's ExternalId: \`orgkeeper account ${record.accountId}\` shows its conditions.`,
    );
  });
  return {
    AccessKeyId: given.accessKeyId,
    SecretAccessKey: given.secretAccessKey,
    SessionToken: given.sessionToken ?? '',
    Expiration: (given.expiration ?? new Date(Date.now() + 3_600_000)).toISOString(),
  };
}

/**
 * The cache key: the caller, the deployment, and the role; of the execution role also how it was last verified, which it is after each
 * change. A change of any of these makes cached credentials unreachable.
 */
async function fingerprint(role: readonly (string | undefined)[]): Promise<string> {
  const { accessKeyId } = await new STSClient({}).config.credentials();
  const endpoint = process.env.AWS_ENDPOINT_URL ?? '';
  return createHash('sha256')
    .update(JSON.stringify([accessKeyId, endpoint, ...role]))
    .digest('hex')
    .slice(0, 40);
}

function printCredentials(given: TemporaryCredentials, format: Format): void {
  switch (format) {
    case 'json':
      printJson(given);
      return;
    case 'process':
      // https://docs.aws.amazon.com/cli/latest/topic/config-vars.html, "Sourcing Credentials From External Processes"
      printJson({ Version: 1, ...given });
      return;
    case 'env':
      print(`export AWS_ACCESS_KEY_ID=${shellWord(given.AccessKeyId)}`);
      print(`export AWS_SECRET_ACCESS_KEY=${shellWord(given.SecretAccessKey)}`);
      print(`export AWS_SESSION_TOKEN=${shellWord(given.SessionToken)}`);
      print(`export AWS_CREDENTIAL_EXPIRATION=${shellWord(given.Expiration)}`);
      // The SDK for JavaScript prefers AWS_PROFILE to these variables: the next command would act in another account.
      print('unset AWS_PROFILE');
  }
}
