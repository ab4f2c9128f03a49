import { describe, expect, it } from '@jest/globals';
import { transformerOf } from '../../infra/notice-text.ts';
import { kindOfTarget, targetInput } from '../../local/gateway/rule-targets.ts';

const event = {
  source: 'orgkeeper',
  detail: { accountId: '123456789012', name: 'the "old" one', reason: undefined, count: 3, ids: ['a'] },
};
const transformed = (InputTemplate: string, InputPathsMap: Record<string, string>) =>
  targetInput({ InputTransformer: { InputTemplate, InputPathsMap } }, event);

describe('targetInput', () => {
  it('is the event, a fixed text, or a part of the event', () => {
    expect(JSON.parse(targetInput({}, event))).toMatchObject({ detail: { count: 3 } });
    expect(targetInput({ Input: '{"task":"due"}' }, event)).toBe('{"task":"due"}');
    expect(targetInput({ InputPath: '$.detail.ids' }, event)).toBe('["a"]');
  });

  it('is a text with parts of the event, each as JSON, within quotes without its own', () => {
    const paths = {
      name: '$.detail.name',
      count: '$.detail.count',
      none: '$.detail.reason',
      ids: '$.detail.ids',
    };
    expect(
      JSON.parse(transformed('{"text": "<name>: <count><none>", "name": <name>, "ids": <ids>}', paths)),
    ).toEqual({
      text: 'the "old" one: 3',
      name: 'the "old" one',
      ids: ['a'],
    });
  });

  it('is valid JSON for each notice, whatever its fields hold', () => {
    for (const as of ['text', 'json'] as const) {
      const { inputPathsMap: InputPathsMap, inputTemplate: InputTemplate } = transformerOf(
        'AccountDegraded',
        as,
      );
      expect(() => JSON.parse(transformed(InputTemplate, InputPathsMap))).not.toThrow();
      expect(transformed(InputTemplate, InputPathsMap)).toContain('123456789012');
    }
  });

  it('supports no path but names behind dots', () => {
    expect(() => targetInput({ InputPath: '$.detail.ids[0]' }, event)).toThrow(
      'The local runtime does not support the path $.detail.ids[0].',
    );
  });
});

describe('kindOfTarget', () => {
  it.each([
    ['arn:aws:sqs:eu-west-1:123456789012:q', 'queue'],
    ['arn:aws:sns:eu-west-1:123456789012:t', 'topic'],
    ['arn:aws:events:eu-west-1:123456789012:event-bus/b', 'bus'],
    ['arn:aws:events:eu-west-1:123456789012:api-destination/d/1-2', 'api-destination'],
    ['arn:aws:events:eu-west-1:123456789012:rule/r', undefined],
    ['arn:aws:lambda:eu-west-1:123456789012:function:f', undefined],
  ])('of %s is %s', (arn, kind) => {
    expect(kindOfTarget(arn)).toBe(kind);
  });
});
