import { describe, expect, it } from '@jest/globals';
import { FAILURES } from '../../controllers/engine/retry.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import { isNotInOrganization, translateError } from '../../shared/aws/translate-error.ts';
import type { FailureName } from '../../shared/domain/errors.ts';
import { ControllerError } from '../../shared/domain/errors.ts';

/** How a run is tried again. */
const RETRY = {
  again: 'backoff',
  'when-due': 'after',
  'when-ready': 'doubling',
  'when-changed': 'never',
} as const;

const named = (name: string, message = 'no', extra: object = {}) =>
  Object.assign(new Error(message), { name, ...extra });

describe('an error of the SDK', () => {
  it.each([
    ['a throttling', named('ThrottlingException'), 'Throttled', 'again'],
    ['EC2 asking to slow down', named('RequestLimitExceeded'), 'Throttled', 'again'],
    ['parallel puts of a parameter', named('TooManyUpdates'), 'Throttled', 'again'],
    [
      'a fault by its status',
      named('Strange', 'no', { $metadata: { httpStatusCode: 503 } }),
      'ServiceFault',
      'again',
    ],
    ['a refused connection', named('Error', 'no', { code: 'ECONNREFUSED' }), 'ServiceFault', 'again'],
    ['a host without a route to it', named('Error', 'no', { code: 'EHOSTUNREACH' }), 'ServiceFault', 'again'],
    ['a network that is gone', named('Error', 'no', { code: 'ENETUNREACH' }), 'ServiceFault', 'again'],
    ['a time-out', named('TimeoutError'), 'ServiceFault', 'again'],
    ['a denial of EC2', named('UnauthorizedOperation'), 'AccessDenied', 'when-due'],
    ['a quota of IAM', named('LimitExceededException'), 'QuotaExceeded', 'when-due'],
    ['Organizations failing on its own with 400', named('ServiceException'), 'ServiceFault', 'again'],
    [
      'a role that is used in the moment of its deletion',
      named('DeleteConflictException'),
      'Conflict',
      'again',
    ],
    ['an account that AWS has blocked', named('Blocked'), 'AccountNotReady', 'when-ready'],
    ['more than 50 tags, at SSM', named('TooManyTagsError'), 'InvalidDesiredState', 'when-changed'],
    [
      'an item of DynamoDB that is too large',
      named('ValidationException', 'Item size has exceeded the maximum allowed size'),
      'InvalidDesiredState',
      'when-changed',
    ],
    [
      'one that an update of a transaction would make too large',
      named('TransactionCanceledException', 'Transaction cancelled', {
        CancellationReasons: [
          { Code: 'None' },
          { Code: 'ValidationError', Message: 'Item size to update has exceeded the maximum allowed size' },
        ],
      }),
      'InvalidDesiredState',
      'when-changed',
    ],
    ['more than 50 tags, at EC2', named('TagLimitExceeded'), 'InvalidDesiredState', 'when-changed'],
    [
      'a session policy that is too large when packed',
      named('PackedPolicyTooLargeException'),
      'InvalidDesiredState',
      'when-changed',
    ],
    [
      'a unit that is gone',
      named('OrganizationalUnitNotFoundException'),
      'InvalidDesiredState',
      'when-changed',
    ],
    ['what has tags and is gone', named('TargetNotFoundException'), 'InvalidDesiredState', 'when-changed'],
    ['a region that is not enabled', named('OptInRequired'), 'AccountNotReady', 'when-ready'],
    ['STS not active in a region', named('RegionDisabledException'), 'AccountNotReady', 'when-ready'],
    ['a subscription under way', named('SubscriptionRequiredException'), 'AccountNotReady', 'when-ready'],
    ['a subscription under way, at EC2', named('SubscriptionRequired'), 'AccountNotReady', 'when-ready'],
    ['an account that AWS verifies', named('PendingVerification'), 'AccountNotReady', 'when-ready'],
    [
      'a principal that is not seen yet',
      named('MalformedPolicyDocumentException', 'Invalid principal in policy: "AWS":"AROA"'),
      'NotYetConsistent',
      'when-due',
    ],
  ])('%s becomes an error of ours', (_, error, name, retry) => {
    const ours = translateError('x:Y', error);
    expect(ours).toBeInstanceOf(ControllerError);
    expect(ours).toMatchObject({ name, cause: error });
    expect(FAILURES[name as FailureName].run.try).toBe(RETRY[retry as keyof typeof RETRY]);
    expect(String(ours)).toContain('x:Y');
  });

  it.each([
    'NoSuchEntityException',
    'NoSuchEntity',
    'InvalidVpcID.NotFound',
    'ParameterNotFound',
    'DependencyViolation',
  ])('%s is not translated, for the caller that expects it', (name) => {
    const error = named(name);
    expect(translateError('x:Y', error)).toBe(error);
  });

  it.each(['AuthFailure', 'UnrecognizedClientException', 'InvalidClientTokenId'])(
    '%s of a member account says that the account is not ready, and of Main what the error says',
    (name) => {
      const notReady = { name: 'AccountNotReady', reason: 'CredentialsUnknown' };
      expect(translateError('ec2:DescribeVpcs', named(name), memberServices.ec2)).toMatchObject(notReady);
      const error = named(name);
      expect(translateError('dynamodb:GetItem', error)).toBe(error);
    },
  );

  it('InvalidClientTokenId of AssumeRole names the region that the caller has not enabled', () => {
    expect(translateError('sts:AssumeRole', named('InvalidClientTokenId'))).toMatchObject({
      name: 'AccountNotReady',
      reason: 'RegionNotEnabled',
      remedy: expect.stringContaining('enable that region in the management account'),
    });
  });

  it.each([
    ['OrganizationalUnitNotFoundException', true],
    ['TargetNotFoundException', true],
    ['ChildNotFoundException', true],
    ['AccountNotFoundException', true],
    ['AccessDeniedException', false],
  ])('%s of Organizations means that the account is not in the organization: %s', (name, expected) => {
    expect(isNotInOrganization(translateError('organizations:ListParents', named(name)))).toBe(expected);
  });

  it.each(['ec2', 'ssm', 'tag', 's3control'] as const)(
    'that %s of a region cannot be found says so, with the remedy',
    (service) => {
      const hostname = `${service}.us-nowhere-1.amazonaws.com`;
      const error = named('Error', `getaddrinfo ENOTFOUND ${hostname}`, { code: 'ENOTFOUND', hostname });
      expect(translateError(`${service}:Get`, error, memberServices[service])).toMatchObject({
        name: 'AccountNotReady',
        reason: 'RegionUnavailable',
        message: `${service}:Get: there is no endpoint ${hostname} of that region.`,
        remedy: expect.stringContaining('Register the account again with `regions`'),
      });
    },
  );

  it.each([
    ['dynamodb:GetItem', undefined],
    ['iam:GetRole', memberServices.iam],
    ['sts:AssumeRole', undefined],
  ])('that %s has no address is a fault of the network', (command, inMember) => {
    const error = named('Error', 'getaddrinfo ENOTFOUND', { code: 'ENOTFOUND' });
    expect(translateError(command, error, inMember)).toMatchObject({ name: 'ServiceFault' });
  });

  it('about another malformed document is not translated', () => {
    const error = named('MalformedPolicyDocumentException', 'Syntax errors in policy.');
    expect(translateError('x:Y', error)).toBe(error);
  });
});
