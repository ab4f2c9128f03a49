import { objects, operationOf, texts } from '../authorization/operations.ts';
import type { Callers, RoleSession, SessionGrant } from '../callers.ts';
import type { Iam } from '../iam.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { type Call, errorReply, type Reply, text, xmlReply } from '../wire.ts';

/** The dependencies of the STS shim. */
export interface StsDeps {
  readonly callers: Callers;
  readonly iam: Iam;
}

const SESSION_POLICY_LIMIT = 2048;
const CHAINED_SECONDS = 3600;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'gives a session of any role, even of one that does not exist, with all permissions',
  here: 'the role must exist; session policies limit the session and have at most 2,048 characters together; a chained session has at most one hour',
};

/** Refuses malformed requests, which STS does before it checks permissions. */
export const malformedSessions: Shim = {
  services: ['sts'],
  actions: ['AssumeRole'],
  async answer(call, next) {
    const { policy, ...wish } = wishOf(call);
    const problem = problemOf({ policy, ...wish });
    if (problem) return errorReply(call, 400, 'ValidationError', problem);
    if (policy !== undefined && !isJson(policy)) {
      return errorReply(call, 400, 'MalformedPolicyDocument', 'This policy contains invalid Json');
    }
    return next(call);
  },
};

/** Answers calls to STS that are allowed. */
export function assumeRoleShim(deps: StsDeps): Shim {
  return {
    services: ['sts'],
    async answer(call, next) {
      const { caller } = call;
      switch (call.action) {
        case 'GetCallerIdentity':
          return xmlReply(call, { Arn: caller.arn, UserId: caller.userId, Account: caller.account });
        case 'AssumeRole':
          return assumeRole(call, deps);
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

async function assumeRole(call: KnownCall, { iam, callers }: StsDeps): Promise<Reply> {
  const { roleArn, sessionName, policy, policyArns, seconds } = wishOf(call);
  const role = await iam.role(roleArn);
  if (!role) throw new Error(`A session of ${roleArn} was allowed, and there is no such role.`);
  if (call.caller.session && seconds > CHAINED_SECONDS) {
    const message =
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining';
    return errorReply(call, 400, 'ValidationError', message);
  }
  if (seconds > role.maxSessionSeconds) {
    const message = 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.';
    return errorReply(call, 400, 'ValidationError', message);
  }
  const given = {
    ...(policy !== undefined && { policy }),
    ...(policyArns.length > 0 && { policyArns }),
    ...attributesOf(call, call.caller.session),
  };
  const session = callers.issue({ arn: role.arn, id: role.id }, sessionName, seconds, given);
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

/**
 * Tags and source identity of a session: those that the call gives, and of the session that calls those that it hands on.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
 */
function attributesOf(call: Call, by: RoleSession | undefined): SessionGrant {
  const { Tags, TransitiveTagKeys, SourceIdentity } = operationOf(call).params;
  const transitiveTags = [...(by?.transitiveTags ?? []), ...texts(TransitiveTagKeys)];
  const inherited = Object.entries(by?.tags ?? {}).filter(([key]) => by?.transitiveTags?.includes(key));
  const added = objects(Tags).map(({ Key, Value }) => [String(Key), String(Value)]);
  const [sourceIdentity = by?.sourceIdentity] = texts(SourceIdentity);
  return {
    tags: Object.fromEntries([...added, ...inherited]),
    transitiveTags,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  };
}

function wishOf({ params }: Call): Wish {
  return {
    roleArn: text(params, 'RoleArn') ?? '',
    sessionName: text(params, 'RoleSessionName') ?? '',
    externalId: text(params, 'ExternalId'),
    policy: text(params, 'Policy'),
    policyArns: Object.entries(params).flatMap(([name, value]) =>
      /^PolicyArns\.member\.\d+\.arn$/.test(name) ? [String(value)] : [],
    ),
    seconds: Number(params.DurationSeconds ?? 3600),
  };
}

interface Wish {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly externalId: string | undefined;
  readonly policy: string | undefined;
  readonly policyArns: readonly string[];
  readonly seconds: number;
}

function problemOf({
  roleArn,
  sessionName,
  externalId,
  policy,
  policyArns,
  seconds,
}: Wish): string | undefined {
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
  if (policyArns.length > 10)
    return failed(String(policyArns.length), 'policyArns', 'have length less than or equal to 10');
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
