import { AssumeRoleCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { Config, OrganizationRole } from '../deployment/config.ts';
import type { AccountRecord } from '../domain/account.ts';
import { AccessDenied } from '../domain/errors.ts';
import {
  accessRoleDenied,
  executionRoleDenied,
  organizationRoleDenied,
  saysOrganizationPolicy,
} from './denials.ts';
import { patience, requestHandler } from './patience.ts';
import { createPace } from './rate-limit.ts';
import { sessionCache } from './session-cache.ts';
import { translateErrors } from './translate-error.ts';

/** What a session may do, and under which name CloudTrail shows it. */
export interface Session {
  /** RoleSessionName: the id of the pass, so that CloudTrail tells passes apart. */
  readonly name: string;
  /** Inline session policy, compact JSON, at most 2,048 characters: the session may do what role and policy both allow. */
  readonly policy?: string;
  /** Opened for this name, for what is written in it; others may be one that an earlier pass opened under its own. */
  readonly own?: boolean;
}

/** The ways into other accounts. The only part of the functions that calls STS. */
export interface Access {
  /**
   * Credentials in a member account: by way of the organization (Main, entering role, access role), or for an
   * invited account by its execution role with its ExternalId. Cached until shortly before they expire, but for `own`.
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

/** What the ways in start from. */
export interface AccessOptions {
  readonly config: Config;
  /** The role in the management account that everything there is done as: each function has one. */
  readonly organizationRole: OrganizationRole;
  /** Credentials that everything starts from; the function's own when absent. */
  readonly credentials?: AwsCredentialIdentity;
  readonly now?: () => number;
}

/** AssumeRole is paced, since the second hop is charged to the management account: 600 a second for everybody. */
const PACE = { perSecond: 100, burst: 1 };

/** The longest that AWS allows where roles are chained, as they are here: a function's own role comes first. */
const SESSION_SECONDS = 3_600;

/**
 * The ways in, from the function's own role or `credentials`. Sessions, and which access role let us in last, are
 * remembered for as long as the object lives: one for a process.
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

  /** One client for as long as its credentials are used: each has connections of its own. */
  function organizationSts(credentials: AwsCredentialIdentity | undefined): STSClient {
    if (!credentials) return own;
    const sts = clients.get(credentials) ?? stsClient(config.region, credentials);
    clients.set(credentials, sts);
    return sts;
  }

  /** A session in a member account: an old one, unless it is to bear this name. */
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
      const { executionRoleArn: arn, externalId } = account;
      if (!arn) return enterByOrganization(account, session);
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
  if (!given) throw new AccessDenied(`STS gave no credentials for ${role.arn}.`);
  return given;
}

/** What STS gave, as clients take it; undefined where it gave no key. Without an end, where it says none. Pure. */
export function identityOf(given: Credentials | undefined): AwsCredentialIdentity | undefined {
  if (!given?.AccessKeyId || !given.SecretAccessKey) return undefined;
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    ...(given.SessionToken && { sessionToken: given.SessionToken }),
    ...(given.Expiration && { expiration: given.Expiration }),
  };
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

/** Says what a denial of this call means. */
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
