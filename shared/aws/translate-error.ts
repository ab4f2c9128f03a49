import {
  AccessDenied,
  AccountNotReady,
  Conflict,
  ControllerError,
  InvalidDesiredState,
  NotYetConsistent,
  QuotaExceeded,
  ServiceFault,
  Throttled,
} from '../domain/errors.ts';

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

const invalid =
  (reason: string, remedy: string): Translate =>
  (message, cause) =>
    new InvalidDesiredState(message, [], { cause, reason, remedy });
const tooManyTags = invalid(
  'TooManyTags',
  'Take tags out of the baseline or the registration: AWS allows 50 on a resource.',
);
const NOT_IN_ORGANIZATION = 'NotInOrganization';
const notInOrganization = invalid(
  NOT_IN_ORGANIZATION,
  'It has left the organization, or was deleted: name another account or organizational unit.',
);

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
  // Organizations: AWS failed on its own, though the status is 400.
  Service: fault,
  ServiceUnavailable: fault,
  ServiceUnavailableException: fault,
  Unavailable: fault,
  TimeoutError: fault,
  NetworkingError: fault,
  ConcurrentModification: conflict,
  ConcurrentModificationException: conflict,
  // S3: another change of the same bucket is under way.
  OperationAborted: conflict,
  // IAM: somebody put something into what is being deleted.
  DeleteConflict: conflict,
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
  // SSM, IAM and EC2: AWS allows 50 tags, and no quota raises that.
  TooManyTagsError: tooManyTags,
  TooManyTags: tooManyTags,
  TagLimitExceeded: tooManyTags,
  // STS: session policies are packed, by a measure of its own.
  PackedPolicyTooLarge: invalid(
    'SessionPolicyTooLarge',
    'Shorten the names that the baseline gives to roles and parameters, or split it over more accounts.',
  ),
  // Organizations, of a unit and of what has tags.
  OrganizationalUnitNotFound: notInOrganization,
  TargetNotFound: notInOrganization,
  OptInRequired: notReady(
    'OptInRequired',
    'Enable the region in the account, or wait until its activation is over.',
  ),
  RegionDisabled: notReady('RegionDisabled', 'Activate STS in that region of the account.'),
  PendingVerification: notReady(
    'PendingVerification',
    'AWS verifies the account; this can take up to four hours.',
  ),
  // EC2: AWS has blocked the account.
  Blocked: notReady('Blocked', 'AWS has blocked the account: its owner asks AWS Support.'),
  NotSignedUp: notReady('SubscriptionRequired', 'AWS is still activating the account.'),
  SubscriptionRequired: notReady('SubscriptionRequired', 'AWS is still activating the account.'),
};

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Where a call into a member account goes: with credentials that STS gave a moment ago, to a service with such endpoints. */
export interface InMember {
  readonly endpoint: 'regional' | 'global';
}

/** What a member account that is not ready says of credentials that STS gave a moment ago. */
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
 * @param command what was called: `ec2:CreateVpc`
 * @param inMember of a call into a member account
 */
export function translateError(command: string, error: unknown, inMember?: InMember): unknown {
  if (error instanceof ControllerError || !(error instanceof Error)) return error;
  const said = `${command}: ${error.message || error.name}`;
  const { code, hostname, $metadata } = error as SdkError;
  // The SDK names some errors with the suffix, where the wire has none: NoSuchEntityException for NoSuchEntity.
  const plain = error.name.replace(/Exception$/, '');
  const translate = byName[error.name] ?? byName[plain];
  if (translate) return translate(said, error);
  // IAM, and S3 of a bucket's policy.
  if (/^MalformedPolicy(Document)?$/.test(plain) && /invalid principal/i.test(error.message)) {
    return new NotYetConsistent(said, { cause: error, reason: 'PrincipalMissing' });
  }
  if (isItemTooLarge(error)) return itemTooLarge(said, error);
  if (inMember && UNKNOWN_CREDENTIALS.has(plain)) {
    const remedy =
      'AWS is still activating the account, or the region is not enabled in it: enable it, or correct `regions` of the registration.';
    return new AccountNotReady(said, { cause: error, reason: 'CredentialsUnknown', remedy });
  }
  if (command === 'sts:AssumeRole' && plain === 'InvalidClientTokenId') {
    const remedy =
      "The account that calls has not enabled Main's region, whose STS is asked: enable that region in the management account.";
    return new AccountNotReady(said, { cause: error, reason: 'RegionNotEnabled', remedy });
  }
  if (/\.NotFound$/.test(error.name) || plain === 'NoSuchEntity') return error;
  if (inMember?.endpoint === 'regional' && (code === 'ENOTFOUND' || plain === 'UnknownEndpoint')) {
    return noSuchEndpoint(command, hostname, error);
  }
  if (code && connectionCodes.has(code)) return new ServiceFault(said, { cause: error });
  if (($metadata?.httpStatusCode ?? 0) >= 500) return new ServiceFault(said, { cause: error });
  return error;
}

const itemTooLarge = invalid(
  'ItemTooLarge',
  'An item of DynamoDB holds 400 KB: shorten the request or the baseline that it holds.',
);

/** DynamoDB, also of a transaction, which it cancels then. */
function isItemTooLarge(error: Error): boolean {
  const { CancellationReasons: reasons = [] } = error as {
    CancellationReasons?: readonly { readonly Message?: string }[];
  };
  const said = error.name === 'ValidationException' ? [error.message] : reasons.map(({ Message }) => Message);
  return said.some((message) => message?.startsWith('Item size '));
}

/** What a misspelt region looks like: its endpoints have no address. */
function noSuchEndpoint(command: string, hostname: string | undefined, cause: Error): AccountNotReady {
  const message = `${command}: there is no endpoint${hostname ? ` ${hostname}` : ''} of that region.`;
  return new AccountNotReady(message, {
    cause,
    reason: 'RegionUnavailable',
    remedy: 'Register the account again with `regions` that exist and are enabled in it.',
  });
}

/** Whether Organizations said that an account or an organizational unit is not, or no longer, in the organization. */
export function isNotInOrganization(error: unknown): boolean {
  if (error instanceof ControllerError) return error.reason === NOT_IN_ORGANIZATION;
  return error instanceof Error && /^(Account|Child)NotFoundException$/.test(error.name);
}

/** Runs a call. @throws its failure, translated as above */
export async function translateErrors<T>(
  command: string,
  call: () => Promise<T>,
  inMember?: InMember,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(command, error, inMember);
  }
}
