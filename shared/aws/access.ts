import { AssumeRoleCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config, OrganizationRole } from '../deployment/config.ts';
import type { AccountRecord } from '../domain/account.ts';
import { AccessDenied, InvalidDesiredState } from '../domain/errors.ts';
import { requestHandler } from './connections.ts';
import {
  accessRoleDenied,
  executionRoleDenied,
  organizationRoleDenied,
  saysOrganizationPolicy,
} from './denials.ts';
import { patience } from './patience.ts';
import { createPace } from './rate-limit.ts';
import { sessionCache } from './session-cache.ts';
import { translateErrors } from './translate-error.ts';

/** The permissions of a session, and its name in CloudTrail. */
export interface Session {
  /** RoleSessionName: the id of the run, so that CloudTrail shows which run made a call. */
  readonly name: string;
  /** Inline session policy, compact JSON, at most 2,048 characters: the session may do what role and policy both allow. */
  readonly policy?: string;
  /** Always a new session under this name, for writes. Other sessions may be cached ones of an earlier run. */
  readonly own?: boolean;
}

/** Sessions in other accounts. The only part of the functions that calls STS. */
export interface Access {
  /**
   * Credentials in a member account: through the organization (Main, entering role, access role), or for an invited
   * account through its execution role with its ExternalId. Cached until shortly before they expire, except for `own`.
   * @throws AccessDenied, AccountNotReady
   */
  enter(account: AccountRecord, session: Session): Promise<AwsCredentialIdentity>;
  /** Credentials in the management account; undefined (use your own) when Main is the management account. */
  organization(sessionName: string): Promise<AwsCredentialIdentity | undefined>;
  /** Assumes an execution role as ourselves, uncached, with the ExternalId given or with none. */
  tryRole(roleArn: string, session: Session, externalId?: string): Promise<AwsCredentialIdentity>;
  /** Drops the cached sessions of an account: after a denial, and after a change of its role. */
  evict(accountId: string): void;
}

/** What `createAccess` needs. */
export interface AccessOptions {
  readonly config: Config;
  /** The role in the management account that this function assumes. */
  readonly organizationRole: OrganizationRole;
  /** Credentials that assume the first role; the function's own if absent. */
  readonly credentials?: AwsCredentialIdentity;
  readonly now?: () => number;
}

/** AssumeRole is rate-limited: the second hop counts against the management account's 600 calls a second. */
const PACE = { perSecond: 100, burst: 1 };

/** The maximum for chained roles: the function's own role is the first of the chain. */
const SESSION_SECONDS = 3_600;

/**
 * Access from the function's own role or `credentials`. Sessions, and the access role that worked last, are cached in
 * the returned object: create one for a process.
 */
export function createAccess(options: AccessOptions): Access {
  const { config, now = Date.now } = options;
  const cache = sessionCache(now);
  const working = new Map<string, string>();
  const own = stsClient(config.region, options.credentials);
  const clients = new WeakMap<AwsCredentialIdentity, STSClient>();
  const turn = createPace({ ...PACE, now });

  async function assume(sts: STSClient, role: Role, session: Session): Promise<AwsCredentialIdentity> {
    await turn();
    return assumeRole(sts, role, session);
  }

  async function organization(sessionName: string): Promise<AwsCredentialIdentity | undefined> {
    if (config.mainAccountId === config.managementAccountId) return undefined;
    const role = {
      arn: config.organizationRoleArns[options.organizationRole],
      externalId: config.organizationExternalId,
    };
    return cache.get('organization', config.managementAccountId, () =>
      deniedAs(
        (cause) => organizationRoleDenied(role.arn, cause),
        () => assume(own, role, { name: sessionName }),
      ),
    );
  }

  /** One client for the same credentials, since each client has its own connections. */
  function organizationSts(credentials: AwsCredentialIdentity | undefined): STSClient {
    if (!credentials) return own;
    const sts = clients.get(credentials) ?? stsClient(config.region, credentials);
    clients.set(credentials, sts);
    return sts;
  }

  /** A session in a member account: a cached one unless it must have this name. */
  function member(sts: STSClient, role: Role, { accountId }: AccountRecord, session: Session) {
    const open = () => assume(sts, role, session);
    if (session.own) return open();
    return cache.get(`${role.arn} ${role.externalId} ${session.policy}`, accountId, open);
  }

  async function enterByOrganization(
    account: AccountRecord,
    session: Session,
  ): Promise<AwsCredentialIdentity> {
    const credentials = await organization(session.name);
    const names = accessRoleNames(account, config, working.get(account.accountId));
    let denial: unknown;
    for (const name of names) {
      const arn = `arn:${config.partition}:iam::${account.accountId}:role/${name}`;
      try {
        const entered = await member(organizationSts(credentials), { arn }, account, session);
        working.set(account.accountId, name);
        return entered;
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        denial = saysOrganizationPolicy(denial) ? denial : error;
      }
    }
    if (credentials) cache.drop('organization');
    throw accessRoleDenied(account.accountId, names, denial);
  }

  return {
    organization,
    async enter(account, session) {
      const { executionRoleArn: arn, externalId, accountId } = account;
      if (!arn) return enterByOrganization(account, session);
      requireOwnRole(arn, accountId);
      return deniedAs(
        (cause) => executionRoleDenied(arn, cause),
        () => member(own, { arn, externalId }, account, session),
      );
    },
    tryRole: (roleArn, session, externalId) =>
      assume(own, { arn: roleArn, ...(externalId && { externalId }) }, session),
    evict(accountId) {
      working.delete(accountId);
      cache.evict(accountId);
    },
  };
}

/**
 * Refuses a role of another account. Intake refuses to register one: only somebody who writes to the table can put it there.
 * @throws InvalidDesiredState
 */
export function requireOwnRole(arn: string, accountId: string): void {
  if (arn.split(':')[4] === accountId) return;
  throw new InvalidDesiredState(`The execution role ${arn} is not in account ${accountId}.`, [], {
    remedy: 'Register the account again with a role of its own.',
  });
}

interface Role {
  readonly arn: string;
  readonly externalId?: string;
}

async function assumeRole(sts: STSClient, role: Role, session: Session): Promise<AwsCredentialIdentity> {
  const command = new AssumeRoleCommand({
    RoleArn: role.arn,
    RoleSessionName: session.name,
    DurationSeconds: SESSION_SECONDS,
    ...(role.externalId && { ExternalId: role.externalId }),
    ...(session.policy && { Policy: session.policy }),
  });
  const { Credentials } = await translateErrors('sts:AssumeRole', () => sts.send(command));
  const given = identityOf(Credentials);
  if (!given) throw new AccessDenied(`STS returned no credentials for ${role.arn}.`);
  return given;
}

/** Credentials of an STS answer in the form that clients take; undefined if it has no key. Pure. */
export function identityOf(given: Credentials | undefined): AwsCredentialIdentity | undefined {
  if (!given?.AccessKeyId || !given.SecretAccessKey) return undefined;
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    ...(given.SessionToken && { sessionToken: given.SessionToken }),
    ...(given.Expiration && { expiration: given.Expiration }),
  };
}

/** The access roles to try; the one that worked last comes first. Pure. */
function accessRoleNames(
  account: AccountRecord,
  config: Config,
  worked: string | undefined,
): readonly string[] {
  if (account.accessRoleName) return [account.accessRoleName];
  if (!worked) return config.accessRoleNames;
  return [worked, ...config.accessRoleNames.filter((name) => name !== worked)];
}

/** Replaces an AccessDenied of the call by one that says what the denial means. */
async function deniedAs<T>(
  meaning: (denial: AccessDenied) => AccessDenied,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof AccessDenied ? meaning(error) : error;
  }
}

function stsClient(region: string, credentials: AwsCredentialIdentity | undefined): STSClient {
  return new STSClient({
    region,
    requestHandler,
    retryStrategy: patience(),
    ...(credentials && { credentials }),
  });
}
