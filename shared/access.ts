import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { AccountRecord } from './account.ts';
import { translateErrors } from './aws/translate-error.ts';
import type { Config } from './config.ts';
import { AccessDenied, AccountNotReady } from './errors.ts';

/** What a session may do, and under which name CloudTrail shows it. */
export interface Session {
  /** RoleSessionName: the id of the pass, so that CloudTrail tells passes apart. */
  readonly name: string;
  /** Inline session policy, compact JSON, at most 2,048 characters: the session may do what role and policy both allow. */
  readonly policy?: string;
}

/** The ways into other accounts. The only part of Orgkeeper that calls STS. */
export interface Access {
  /**
   * Credentials in a member account: by way of the organization (Main, organization role, access role), or for an
   * invited account by its execution role with its ExternalId. Cached until shortly before they expire.
   * @throws AccessDenied, AccountNotReady
   */
  enter(account: AccountRecord, session: Session): Promise<AwsCredentialIdentity>;
  /** Credentials in the management account; undefined (use your own) when Main is the management account. */
  organization(sessionName: string): Promise<AwsCredentialIdentity | undefined>;
  /** Assumes an execution role as ourselves, uncached, with the ExternalId given or with none. */
  tryRole(roleArn: string, session: Session, externalId?: string): Promise<AwsCredentialIdentity>;
  /** Forgets what is cached for an account: after a denial, and when its role changed. */
  evict(accountId: string): void;
}

export interface AccessOptions {
  readonly config: Config;
  /** Credentials that everything starts from; the function's own when absent. */
  readonly credentials?: AwsCredentialIdentity;
  readonly now?: () => number;
}

interface Cached {
  readonly credentials: AwsCredentialIdentity;
  readonly accountId: string;
}

const MARGIN_MS = 5 * 60_000;
const CACHE_SIZE = 1_000;
/** AssumeRole is paced, since the second hop is charged to the management account: 600 a second for everybody. */
const PACE_MS = 10;

export function createAccess(options: AccessOptions): Access {
  const { config, now = Date.now } = options;
  const cache = new Map<string, Cached>();
  const working = new Map<string, string>();
  const under = new Map<string, Promise<AwsCredentialIdentity>>();
  const own = stsClient(config.region, options.credentials);
  let nextSlot = 0;

  async function assume(sts: STSClient, role: Role, session: Session): Promise<AwsCredentialIdentity> {
    const slot = Math.max(nextSlot, now());
    nextSlot = slot + PACE_MS;
    if (slot > now()) await new Promise((resolve) => setTimeout(resolve, slot - now()));
    const { Credentials: given } = await translateErrors('sts:AssumeRole', () =>
      sts.send(
        new AssumeRoleCommand({
          RoleArn: role.arn,
          RoleSessionName: session.name,
          DurationSeconds: 3600,
          ...(role.externalId && { ExternalId: role.externalId }),
          ...(session.policy && { Policy: session.policy }),
        }),
      ),
    );
    if (!given?.AccessKeyId || !given.SecretAccessKey)
      throw new AccessDenied(`STS gave no credentials for ${role.arn}.`);
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      ...(given.SessionToken && { sessionToken: given.SessionToken }),
      expiration: given.Expiration ?? new Date(now() + 3_600_000),
    };
  }

  /** One AssumeRole at a time for a key: passes that need the same session wait for the same answer. */
  async function cached(key: string, accountId: string, get: () => Promise<AwsCredentialIdentity>) {
    const hit = cache.get(key);
    if (hit && (hit.credentials.expiration?.getTime() ?? 0) - MARGIN_MS > now()) return hit.credentials;
    const pending = under.get(key);
    if (pending) return pending;
    const asking = get().finally(() => under.delete(key));
    under.set(key, asking);
    const credentials = await asking;
    cache.delete(key);
    cache.set(key, { credentials, accountId });
    const oldest = cache.keys().next();
    if (cache.size > CACHE_SIZE && !oldest.done) cache.delete(oldest.value);
    return credentials;
  }

  async function organization(sessionName: string): Promise<AwsCredentialIdentity | undefined> {
    if (config.mainAccountId === config.managementAccountId) return undefined;
    const role = { arn: config.organizationRoleArn, externalId: config.organizationExternalId };
    return cached('organization', config.managementAccountId, () => assume(own, role, { name: sessionName }));
  }

  async function enterByOrganization(
    account: AccountRecord,
    session: Session,
  ): Promise<AwsCredentialIdentity> {
    const credentials = await organization(session.name);
    const sts = credentials ? stsClient(config.region, credentials) : own;
    const names = accessRoleNames(account, config, working.get(account.accountId));
    let denial: unknown;
    for (const name of names) {
      const arn = `arn:${config.partition}:iam::${account.accountId}:role/${name}`;
      try {
        const entered = await cached(`${arn} ${session.policy}`, account.accountId, () =>
          assume(sts, { arn }, session),
        );
        working.set(account.accountId, name);
        return entered;
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        denial = error;
      }
    }
    if (credentials) cache.delete('organization');
    throw new AccessDenied(
      `The account cannot be entered: none of the roles ${names.join(', ')} can be assumed.`,
      {
        cause: denial,
        reason: 'AccessRoleDenied',
        remedy:
          'Check that one of them exists and trusts the management account, and that no service control policy denies it.',
      },
    );
  }

  return {
    organization,
    async enter(account, session) {
      const arn = account.executionRoleArn;
      if (!arn) return enterByOrganization(account, session);
      try {
        return await cached(`${arn} ${account.externalId} ${session.policy}`, account.accountId, () =>
          assume(own, { arn, externalId: account.externalId }, session),
        );
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        throw new AccessDenied(
          `The execution role ${arn} cannot be assumed with the ExternalId of the account.`,
          {
            cause: error,
            reason: 'ExecutionRoleDenied',
            remedy:
              'Check that it exists and that its trust policy names the runner role with that ExternalId.',
          },
        );
      }
    },
    tryRole: (roleArn, session, externalId) =>
      assume(own, { arn: roleArn, ...(externalId && { externalId }) }, session),
    evict(accountId) {
      working.delete(accountId);
      for (const [key, entry] of cache) if (entry.accountId === accountId) cache.delete(key);
    },
  };
}

interface Role {
  readonly arn: string;
  readonly externalId?: string;
}

/** The roles to try, the one that worked last first. Pure. */
function accessRoleNames(
  account: AccountRecord,
  config: Config,
  worked: string | undefined,
): readonly string[] {
  if (account.accessRoleName) return [account.accessRoleName];
  if (!worked) return config.accessRoleNames;
  return [worked, ...config.accessRoleNames.filter((name) => name !== worked)];
}

function stsClient(region: string, credentials: AwsCredentialIdentity | undefined): STSClient {
  return new STSClient({ region, ...(credentials && { credentials }) });
}

/** What a fresh account answers, as a reason to wait; other errors as they are. */
export function fresh(error: unknown): unknown {
  if (!(error instanceof AccessDenied)) return error;
  return new AccountNotReady(error.message, {
    cause: error,
    reason: 'AccessRoleNotReady',
    ...(error.remedy && { remedy: error.remedy }),
  });
}
