import type { Caller, Callers } from '../callers.ts';
import type { Iam, Role } from '../iam.ts';
import type { Deviation, Shim } from '../shim.ts';
import { type Call, errorReply, type Reply, text, xmlReply } from '../wire.ts';

/** The dependencies of the STS shim. */
export interface StsDeps {
  readonly callers: Callers;
  readonly iam: Iam;
  /** Whether IAM allows this caller to assume the role with this ExternalId. */
  readonly admits: (request: AssumeRequest) => Promise<boolean>;
}

/** A request to assume an existing role. */
export interface AssumeRequest {
  readonly caller: Caller;
  readonly role: Role;
  readonly context: Record<string, string>;
}

const SESSION_POLICY_LIMIT = 2048;
const CHAINED_SECONDS = 3600;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'lets anybody assume any role',
  here: "the role exists, its trust admits the caller, the caller's policies allow it; ExternalId, session policy of 2,048 characters, one hour when chained",
};

/** Answers every call to STS. */
export function assumeRoleShim(deps: StsDeps): Shim {
  return {
    services: ['sts'],
    async answer(call, next) {
      const { caller } = call;
      switch (call.action) {
        case 'GetCallerIdentity':
          return xmlReply(call, { Arn: caller.arn, UserId: caller.userId, Account: caller.account });
        case 'AssumeRole':
          return assumeRole(call, caller, deps);
        case 'GetAccessKeyInfo':
          return next(call);
        default:
          return errorReply(
            call,
            400,
            'InvalidAction',
            `The local runtime has no STS action ${call.action}.`,
          );
      }
    },
  };
}

async function assumeRole(call: Call, caller: Caller, deps: StsDeps): Promise<Reply> {
  const roleArn = text(call.params, 'RoleArn') ?? '';
  const sessionName = text(call.params, 'RoleSessionName') ?? '';
  const externalId = text(call.params, 'ExternalId');
  const policy = text(call.params, 'Policy');
  const seconds = Number(call.params.DurationSeconds ?? 3600);

  const problem = problemOf({ roleArn, sessionName, externalId, policy, seconds });
  if (problem) return errorReply(call, 400, 'ValidationError', problem);
  if (policy !== undefined && !isJson(policy)) {
    return errorReply(call, 400, 'MalformedPolicyDocument', 'This policy contains invalid Json');
  }
  const role = await deps.iam.role(roleArn);
  const context: Record<string, string> = { 'sts:RoleSessionName': sessionName };
  if (externalId !== undefined) context['sts:ExternalId'] = externalId;
  if (!role || !(await deps.admits({ caller, role, context }))) {
    return errorReply(
      call,
      403,
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
    );
  }
  if (caller.session && seconds > CHAINED_SECONDS) {
    const message =
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining';
    return errorReply(call, 400, 'ValidationError', message);
  }
  if (seconds > role.maxSessionSeconds) {
    const message = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
    return errorReply(call, 400, 'ValidationError', message);
  }
  const session = deps.callers.issue({ arn: role.arn, id: role.id }, sessionName, seconds, policy);
  return xmlReply(call, {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: session.expiresAt.toISOString().replace('.000', ''),
    },
    AssumedRoleUser: { AssumedRoleId: `${role.id}:${sessionName}`, Arn: session.sessionArn },
    ...(policy && { PackedPolicySize: String(Math.ceil(policy.length / 20.48)) }),
  });
}

interface Wish {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
  readonly policy: string | undefined;
  readonly seconds: number;
}

function problemOf({ roleArn, sessionName, externalId, policy, seconds }: Wish): string | undefined {
  const failed = (value: string, name: string, rule: string) =>
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: Member must ${rule}`;
  if (roleArn.length < 20) return failed(roleArn, 'roleArn', 'have length greater than or equal to 20');
  if (!/^arn:[\w-]+:iam::\d{12}:role\/.+/.test(roleArn)) return `${roleArn} is invalid`;
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    return failed(sessionName, 'roleSessionName', 'satisfy regular expression pattern: [\\w+=,.@-]*');
  }
  if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    return failed(externalId, 'externalId', 'satisfy regular expression pattern: [\\w+=,.@:\\/-]*');
  }
  if (policy !== undefined && policy.length > SESSION_POLICY_LIMIT) {
    return failed(policy, 'policy', `have length less than or equal to ${SESSION_POLICY_LIMIT}`);
  }
  if (!(seconds >= 900))
    return failed(String(seconds), 'durationSeconds', 'have value greater than or equal to 900');
  if (seconds > 43_200)
    return failed(String(seconds), 'durationSeconds', 'have value less than or equal to 43200');
  return undefined;
}

function isJson(policy: string): boolean {
  try {
    JSON.parse(policy);
    return true;
  } catch {
    return false;
  }
}
