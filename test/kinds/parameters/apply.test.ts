import { describe, expect, test } from '@jest/globals';
import { forEachParameter } from '../../../controllers/kinds/parameters/apply.ts';
import { AccessDenied, AccountNotReady, ServiceFault, Throttled } from '../../../shared/domain/errors.ts';

const aws = (name: string) => Object.assign(new Error(`${name} it is`), { name });

/** Tries all of a, b, c where these fail; gives what was done and what was thrown. */
async function trying(failing: Record<string, Error>) {
  const done: string[] = [];
  const thrown: unknown = await forEachParameter(['a', 'b', 'c'], async (name) => {
    if (failing[name]) throw failing[name];
    done.push(name);
  }).catch((error: unknown) => error);
  return { done, thrown };
}

describe('forEachParameter', () => {
  test('continues after a failure, and names the parameter that failed', async () => {
    const { done, thrown } = await trying({ a: aws('ValidationException') });
    expect(done).toEqual(['b', 'c']);
    expect(thrown).toMatchObject({
      name: 'InvalidDesiredState',
      message: 'The parameter a: ValidationException it is',
      remedy: expect.stringMatching(/^Correct the baseline/),
    });
  });

  test('names each of several failures, and is retried like the one that is retried soonest', async () => {
    const denied = new AccessDenied('ssm:PutParameter: no');
    const invalid = aws('ParameterPatternMismatchException');
    const two = await trying({ a: invalid, c: denied });
    expect(two.done).toEqual(['b']);
    expect(two.thrown).toMatchObject({
      name: 'AccessDenied',
      message:
        'The parameter a: ParameterPatternMismatchException it is The parameter c: ssm:PutParameter: no',
    });
    expect((await trying({ a: invalid, b: denied, c: aws('ParameterAlreadyExists') })).thrown).toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining('The parameter b: ssm:PutParameter: no'),
    });
    expect((await trying({ a: invalid, b: invalid })).thrown).toMatchObject({
      name: 'InvalidDesiredState',
      problems: [{ path: 'parameters' }, { path: 'parameters' }],
    });
  });

  test('throws an unknown error as it is, and several failures with one as unknown', async () => {
    const unknown = aws('SomethingNew');
    expect(await trying({ b: unknown })).toEqual({ done: ['a', 'c'], thrown: unknown });
    const { thrown } = await trying({ a: unknown, b: aws('ValidationException') });
    expect(thrown).toBeInstanceOf(AggregateError);
  });

  test.each([new Throttled('slow down'), new ServiceFault('no answer'), new AccountNotReady('not yet')])(
    'stops at a failure of the whole account: $name',
    async (error) => {
      expect(await trying({ b: error })).toEqual({ done: ['a'], thrown: error });
    },
  );
});
