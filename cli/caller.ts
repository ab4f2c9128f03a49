/**
 * The ARN of the caller. Undefined if AWS does not say: who asks is for people to read, so a request does not fail without it.
 */
export async function callerArn(): Promise<string | undefined> {
  // Loaded only for requests, so that other commands start faster.
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  try {
    return (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn;
  } catch {
    return undefined;
  }
}
