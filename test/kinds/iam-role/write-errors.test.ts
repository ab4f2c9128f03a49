import { describe, expect, test } from '@jest/globals';
import { explained } from '../../../controllers/kinds/iam-role/write.ts';
import { translateError } from '../../../shared/aws/translate-error.ts';
import { AccessDenied, InvalidDesiredState, NotYetConsistent } from '../../../shared/domain/errors.ts';

const wanted = { arn: 'arn:aws:iam::456789012345:role/orgkeeper-execution' };

/** What a call of the pass throws, as the clients translate it first. */
async function thrown(name: string, message: string): Promise<unknown> {
  const error = translateError('iam:UpdateAssumeRolePolicy', Object.assign(new Error(message), { name }));
  return explained(wanted, 'executionRole', () => Promise.reject(error)).catch((each: unknown) => each);
}

describe('errors of IAM about a role', () => {
  test.each(['MalformedPolicyDocument', 'MalformedPolicyDocumentException'])(
    'mean, as %s, that a principal is missing: it may be created yet, and the remedy is named',
    async (name) => {
      const error = await thrown(name, 'Invalid principal in policy: "AWS":"arn:aws:iam::1:role/gone"');
      expect(error).toBeInstanceOf(NotYetConsistent);
      expect(error).toMatchObject({
        reason: 'PrincipalMissing',
        message: expect.stringMatching(/orgkeeper-execution.*role\/gone/),
        remedy: expect.stringMatching(/Create the role or user/),
      });
    },
  );

  test.each([
    ['MalformedPolicyDocument', 'Syntax errors in policy.'],
    ['NoSuchEntity', 'Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.'],
  ])('mean that the baseline is not valid: %s', async (name, message) => {
    expect(await thrown(name, message)).toBeInstanceOf(InvalidDesiredState);
  });

  test('stay as they are if they are about something else', async () => {
    expect(await thrown('AccessDenied', 'not authorized')).toBeInstanceOf(AccessDenied);
    expect(await thrown('NoSuchEntity', 'The role cannot be found.')).toMatchObject({ name: 'NoSuchEntity' });
  });
});
