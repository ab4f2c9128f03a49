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

describe('each parameter', () => {
  test('is done although one before it fails, and the failure names that one', async () => {
    const { done, thrown } = await trying({ a: aws('ValidationException') });
    expect(done).toEqual(['b', 'c']);
    expect(thrown).toMatchObject({
      name: 'InvalidDesiredState',
      message: 'The parameter a: ValidationException it is',
      remedy: expect.stringMatching(/^Correct the baseline/),
    });
  });

  test('that fails is named, and all are tried again like the one that is tried again soonest', async () => {
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

  test('that fails as nobody knows it is thrown as it is, and beside others stays unknown', async () => {
    const unknown = aws('SomethingNew');
    expect(await trying({ b: unknown })).toEqual({ done: ['a', 'c'], thrown: unknown });
    const { thrown } = await trying({ a: unknown, b: aws('ValidationException') });
    expect(thrown).toBeInstanceOf(AggregateError);
  });

  test.each([new Throttled('slow down'), new ServiceFault('no answer'), new AccountNotReady('not yet')])(
    'waits where the account as a whole is refused: $name',
    async (error) => {
      expect(await trying({ b: error })).toEqual({ done: ['a'], thrown: error });
    },
  );
});
