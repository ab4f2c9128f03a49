import { randomBytes } from 'node:crypto';
import type { Call } from './wire.ts';

/** Who makes a call. */
export interface Caller {
  readonly account: string;
  /** As GetCallerIdentity returns it. */
  readonly arn: string;
  readonly userId: string;
  /** The principal whose policies decide, and which trust policies name: the role of a session, else the same as `arn`. */
  readonly principalArn: string;
  /** Present for temporary credentials of a role. */
  readonly session?: RoleSession;
}

/** Temporary credentials of a role, issued by the gateway's STS. */
export interface RoleSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly account: string;
  readonly roleArn: string;
  readonly roleId: string;
  readonly sessionName: string;
  readonly sessionArn: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly policy?: string;
  /** Managed policies of the session. */
  readonly policyArns?: readonly string[];
  /** Session tags; those named in `transitiveTags` and the source identity are also those of sessions that this one opens. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly transitiveTags?: readonly string[];
  readonly sourceIdentity?: string;
}

/** What AssumeRole gives a session besides the role. */
export type SessionGrant = Pick<
  RoleSession,
  'policy' | 'policyArns' | 'tags' | 'transitiveTags' | 'sourceIdentity'
>;

/** Why a call has no caller: AWS's error. */
export interface Unidentified {
  readonly error: 'InvalidClientTokenId' | 'ExpiredToken' | 'MissingAuthenticationToken';
  readonly message: string;
}

/** The credentials that the gateway knows. In memory: they end with the runtime. */
export interface Callers {
  identify(call: Pick<Call, 'accessKeyId' | 'sessionToken'>): Caller | Unidentified;
  /** Issues credentials of a role that expire after `seconds`. */
  issue(
    role: { arn: string; id: string },
    sessionName: string,
    seconds: number,
    given?: SessionGrant,
  ): RoleSession;
  /** Adds an access key that IAM has created for a user. */
  addUserKey(accessKeyId: string, account: string, userName: string): void;
  forget(accessKeyId: string): void;
}

/** The user who is administrator of each account at the local runtime. */
export const ADMINISTRATOR = 'administrator';

/** The access key id of an account's administrator at the local runtime: `LKIA` and the account id. */
export function localAccessKeyId(account: string): string {
  return `LKIA${account}`;
}

/** Starts without sessions. */
export function createCallers(now: () => number = Date.now): Callers {
  const sessions = new Map<string, RoleSession>();
  const users = new Map<string, Caller>();

  return {
    identify({ accessKeyId, sessionToken }) {
      if (!accessKeyId) {
        return { error: 'MissingAuthenticationToken', message: 'Missing Authentication Token' };
      }
      const account = /^LKIA(\d{12})$/.exec(accessKeyId)?.[1];
      if (account) return administratorOf(account);
      const known = users.get(accessKeyId);
      if (known) return known;
      const session = sessions.get(accessKeyId);
      if (!session || session.sessionToken !== sessionToken) {
        return {
          error: 'InvalidClientTokenId',
          message: 'The security token included in the request is invalid.',
        };
      }
      if (session.expiresAt.getTime() <= now()) {
        return { error: 'ExpiredToken', message: 'The security token included in the request is expired' };
      }
      return callerOf(session);
    },
    issue(role, sessionName, seconds, given = {}) {
      const issuedAt = new Date(now());
      const expiresAt = new Date(Math.floor(now() / 1000 + seconds) * 1000);
      const session = { ...sessionOf(role, sessionName, { issuedAt, expiresAt }), ...given };
      sessions.set(session.accessKeyId, session);
      return session;
    },
    addUserKey: (accessKeyId, account, userName) => {
      users.set(accessKeyId, user(account, userName, accessKeyId));
    },
    forget: (accessKeyId) => {
      users.delete(accessKeyId);
      sessions.delete(accessKeyId);
    },
  };
}

/** True if the call has credentials that the gateway knows. */
export function isCaller(who: Caller | Unidentified): who is Caller {
  return !('error' in who);
}

/** The administrator of an account. */
export function administratorOf(account: string): Caller {
  return user(account, ADMINISTRATOR, localAccessKeyId(account));
}

/** A session of a role that an AWS service assumes by itself; it has no credentials that others could use. */
export function serviceSession(role: { readonly arn: string; readonly id: string }, name: string): Caller {
  const now = new Date();
  return callerOf(sessionOf(role, name, { issuedAt: now, expiresAt: now }));
}

/** CloudFormation's session of the service role of a stack. */
export function cloudFormationAs(role: { readonly arn: string; readonly id: string }): Caller {
  return serviceSession(role, 'AWSCloudFormation');
}

function callerOf(session: RoleSession): Caller {
  return {
    account: session.account,
    arn: session.sessionArn,
    userId: `${session.roleId}:${session.sessionName}`,
    principalArn: session.roleArn,
    session,
  };
}

function sessionOf(
  role: { readonly arn: string; readonly id: string },
  sessionName: string,
  times: Pick<RoleSession, 'issuedAt' | 'expiresAt'>,
): RoleSession {
  const [, partition, , , account = ''] = role.arn.split(':');
  const name = role.arn.split('/').at(-1) ?? '';
  return {
    accessKeyId: `ASIA${letters(16)}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
    account,
    roleArn: role.arn,
    roleId: role.id,
    sessionName,
    sessionArn: `arn:${partition}:sts::${account}:assumed-role/${name}/${sessionName}`,
    ...times,
  };
}

function user(account: string, name: string, accessKeyId: string): Caller {
  const arn = `arn:aws:iam::${account}:user/${name}`;
  return { account, arn, principalArn: arn, userId: `AIDA${accessKeyId.slice(-12).padStart(17, '0')}` };
}

function letters(count: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from(randomBytes(count), (byte) => alphabet[byte % 32]).join('');
}
