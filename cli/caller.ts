import type { Claims } from '../shared/domain/cause.ts';

/** What a request says of who makes it, and why: `callerArn`, and the reason, if one is given. */
export async function callerClaims(reason?: string): Promise<Claims> {
  const requestedBy = await callerArn();
  return { ...(requestedBy !== undefined && { requestedBy }), ...(reason !== undefined && { reason }) };
}

/**
 * The ARN of the caller. Undefined if AWS does not say: who asks is for people to read, so a request does not fail without it.
 */
export async function callerArn(): Promise<string | undefined> {
  return (await callerIdentity())?.Arn;
}

/** The account of the caller. Undefined if AWS does not say. */
export async function callerAccount(): Promise<string | undefined> {
  return (await callerIdentity())?.Account;
}

async function callerIdentity() {
  // Loaded only for those who ask, so that other commands start faster.
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  try {
    return await new STSClient({}).send(new GetCallerIdentityCommand({}));
  } catch {
    return undefined;
  }
}
