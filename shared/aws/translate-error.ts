import {
  AccessDenied,
  AccountNotReady,
  Conflict,
  ControllerError,
  NotYetConsistent,
  QuotaExceeded,
  ServiceFault,
  Throttled,
} from '../errors.ts';

type Translate = (message: string, cause: unknown) => ControllerError;

const throttled: Translate = (message, cause) => new Throttled(message, { cause });
const fault: Translate = (message, cause) => new ServiceFault(message, { cause });
const conflict: Translate = (message, cause) => new Conflict(message, { cause });
const quota: Translate = (message, cause) =>
  new QuotaExceeded(message, {
    cause,
    remedy: 'Raise the quota in Service Quotas of the account, or remove what is not needed.',
  });
const denied: Translate = (message, cause) =>
  new AccessDenied(message, {
    cause,
    remedy:
      'Check the permissions of the role that was assumed and the service control policies of the account.',
  });
const notReady =
  (reason: string, remedy: string): Translate =>
  (message, cause) =>
    new AccountNotReady(message, { cause, reason, remedy });

/** By AWS's error codes. Sources: "Common error types" of each API reference, EC2 "Error codes", IAM "Troubleshoot IAM". */
const byName: Readonly<Record<string, Translate>> = {
  Throttling: throttled,
  ThrottlingException: throttled,
  ThrottledException: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  TooManyRequestsException: throttled,
  TooManyUpdates: throttled,
  ProvisionedThroughputExceededException: throttled,
  SlowDown: throttled,
  InternalError: fault,
  InternalFailure: fault,
  InternalServerError: fault,
  InternalServerException: fault,
  ServiceFailure: fault,
  ServiceFailureException: fault,
  ServiceUnavailable: fault,
  ServiceUnavailableException: fault,
  Unavailable: fault,
  TimeoutError: fault,
  NetworkingError: fault,
  ConcurrentModification: conflict,
  ConcurrentModificationException: conflict,
  LimitExceeded: quota,
  LimitExceededException: quota,
  VpcLimitExceeded: quota,
  SubnetLimitExceeded: quota,
  InternetGatewayLimitExceeded: quota,
  RouteTableLimitExceeded: quota,
  RouteLimitExceeded: quota,
  VpcEndpointLimitExceeded: quota,
  ParameterLimitExceeded: quota,
  AccessDenied: denied,
  AccessDeniedException: denied,
  UnauthorizedOperation: denied,
  AuthorizationError: denied,
  OptInRequired: notReady(
    'OptInRequired',
    'Enable the region in the account, or wait until its activation is over.',
  ),
  RegionDisabled: notReady('RegionDisabled', 'Activate STS in that region of the account.'),
  PendingVerification: notReady(
    'PendingVerification',
    'AWS verifies the account; this can take up to four hours.',
  ),
  NotSignedUp: notReady('SubscriptionRequired', 'AWS is still activating the account.'),
  SubscriptionRequired: notReady('SubscriptionRequired', 'AWS is still activating the account.'),
};

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Calls into a member account, with credentials that STS gave a moment ago: who does not know them is not ready. */
const OF_A_MEMBER = /^(iam|ec2|ssm|tag):/;
/** Those of them that have an endpoint in each region. */
const OF_A_REGION = /^(ec2|ssm|tag):/;
const UNKNOWN_CREDENTIALS = new Set(['AuthFailure', 'UnrecognizedClient', 'InvalidClientTokenId']);

interface SdkError {
  /** Of Node: why there is no connection. */
  readonly code?: string;
  /** Of Node: the name that cannot be looked up. */
  readonly hostname?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * The one place where the SDK's errors become ours: the ControllerError that one stands for. One that is not known here
 * comes back as it is, for the caller that expects it (`NoSuchEntity`) or, unexpected, for the retry and the alarm.
 * @param action as IAM names it: `ec2:CreateVpc`
 */
export function translateError(action: string, error: unknown): unknown {
  if (error instanceof ControllerError || !(error instanceof Error)) return error;
  const said = `${action}: ${error.message || error.name}`;
  const { code, hostname, $metadata } = error as SdkError;
  // The SDK names some errors with the suffix, where the wire has none: NoSuchEntityException for NoSuchEntity.
  const plain = error.name.replace(/Exception$/, '');
  const translate = byName[error.name] ?? byName[plain];
  if (translate) return translate(said, error);
  if (plain === 'MalformedPolicyDocument' && /invalid principal/i.test(error.message)) {
    return new NotYetConsistent(said, { cause: error, reason: 'PrincipalMissing' });
  }
  if (OF_A_MEMBER.test(action) && UNKNOWN_CREDENTIALS.has(plain)) {
    const remedy =
      'AWS is still activating the account, or the region is not enabled in it: enable it, or correct `regions` of the registration.';
    return new AccountNotReady(said, { cause: error, reason: 'CredentialsUnknown', remedy });
  }
  if (/\.NotFound$/.test(error.name) || plain === 'NoSuchEntity') return error;
  if (OF_A_REGION.test(action) && (code === 'ENOTFOUND' || plain === 'UnknownEndpoint')) {
    return noSuchEndpoint(action, hostname, error);
  }
  if (code && connectionCodes.has(code)) return new ServiceFault(said, { cause: error });
  if (($metadata?.httpStatusCode ?? 0) >= 500) return new ServiceFault(said, { cause: error });
  return error;
}

/** What a misspelt region looks like: its endpoints have no address. */
function noSuchEndpoint(action: string, hostname: string | undefined, cause: Error): AccountNotReady {
  const message = `${action}: there is no endpoint${hostname ? ` ${hostname}` : ''} of that region.`;
  return new AccountNotReady(message, {
    cause,
    reason: 'RegionUnavailable',
    remedy: 'Register the account again with `regions` that exist and are enabled in it.',
  });
}

/** Runs a call. @throws its failure, translated as above */
export async function translateErrors<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(action, error);
  }
}
