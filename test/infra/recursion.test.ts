import { describe, expect, jest, test } from '@jest/globals';
import { readContext } from '../../infra/context.ts';
import { FUNCTIONS, functionName } from '../../shared/deployment/names.ts';
import { permissions } from '../../shared/deployment/permissions.ts';
import { CONTEXT, only, templates } from './support.ts';

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const main = templates().orgkeeper;
const grants = permissions(readContext(CONTEXT));

/** Whether the function may send to the queue that it works off. */
function sendsToItself(name: (typeof FUNCTIONS)[number]): boolean {
  const resources = (action: string) =>
    grants[name].filter(({ actions }) => actions.includes(action)).flatMap((grant) => grant.resources);
  const sent = resources('sqs:SendMessage');
  return resources('sqs:ReceiveMessage').some((queue) => sent.includes(queue));
}

describe("Lambda's detection of recursive loops", () => {
  test.each([...FUNCTIONS])(
    'is off for %s only if that function sends to its own queue on purpose',
    (name) => {
      const made = only(main, 'AWS::Lambda::Function', (one) => one.FunctionName === functionName(name));
      expect(made.RecursiveLoop).toBe(sendsToItself(name) ? 'Allow' : undefined);
    },
  );

  test('is off for the sweep, which sends itself a message for the rest of a long one, and for runs, which wake importers', () => {
    expect(sendsToItself('sweep')).toBe(true);
    expect(sendsToItself('reconcile')).toBe(true);
    expect(sendsToItself('intake')).toBe(false);
  });

  test.each([
    ['aws', 'eu-west-1', 'Allow'],
    ['aws', 'mx-central-1', undefined],
    ['aws', 'ap-southeast-6', undefined],
    ['aws-us-gov', 'us-gov-west-1', undefined],
    ['aws-cn', 'cn-north-1', undefined],
  ] as const)('is configured only in regions where Lambda knows it: %s, %s', (_, region, expected) => {
    const stack = templates({ region, operators: [] }).orgkeeper;
    const sweep = only(stack, 'AWS::Lambda::Function', (one) => one.FunctionName === functionName('sweep'));
    expect(sweep.RecursiveLoop).toBe(expected);
  });
});
