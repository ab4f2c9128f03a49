import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { explain } from '../../cli/failure.ts';
import { ServiceFault } from '../../shared/domain/errors.ts';

const before = process.env.AWS_ENDPOINT_URL;
beforeEach(() => {
  process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:4510';
});
afterEach(() => {
  if (before === undefined) delete process.env.AWS_ENDPOINT_URL;
  else process.env.AWS_ENDPOINT_URL = before;
});

const hungUp = Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });

describe('A connection that fails', () => {
  test.each([
    ['as the SDK says it', hungUp],
    ['as it is translated', new ServiceFault('dynamodb:GetItem: socket hang up', { cause: hungUp })],
    ['as Node says it', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ])('%s, says which address does not answer and what to start', (_, error) => {
    expect(explain(error)).toBe(
      'Nothing answers at http://127.0.0.1:4510 (AWS_ENDPOINT_URL): is `orgkeeper local start` running?',
    );
    delete process.env.AWS_ENDPOINT_URL;
    expect(explain(error)).toMatch(
      /^AWS cannot be reached: .*\. Check the network and AWS_REGION, then try again\.$/,
    );
  });
});

describe('Credentials that AWS', () => {
  test.each([
    [
      'does not know',
      'SignatureDoesNotMatch',
      /^AWS does not know .*: No\. Set AWS_PROFILE, or sign in again\.$/,
    ],
    [
      'gives no permission',
      'AccessDenied',
      /^AWS denied the request: No\. Allow it for these credentials, or use others\.$/,
    ],
  ])('%s, say what to do', (_, name, said) => {
    expect(explain(Object.assign(new Error('No'), { name }))).toMatch(said);
  });
});

describe('No credentials', () => {
  const missing = Object.assign(new Error('Could not load credentials'), {
    name: 'CredentialsProviderError',
  });
  afterEach(() => {
    delete process.env.AWS_PROFILE;
  });

  test('of a named profile name the profile, and say not to name one', () => {
    process.env.AWS_PROFILE = 'nope';
    expect(explain(missing)).toBe(
      'Profile nope (AWS_PROFILE) has no AWS credentials (Could not load credentials): sign in with it, or choose ' +
        'another; `aws configure list-profiles` lists all profiles.',
    );
  });

  test('without a profile say to set one', () => {
    expect(explain(missing)).toMatch(/: set AWS_PROFILE, or sign in\.$/);
  });
});
