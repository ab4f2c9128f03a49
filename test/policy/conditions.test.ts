import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../shared/policy/evaluate.ts';

/** Whether a condition holds in a context of the keys `a:k` and `a:other`. */
function holds(condition: object, k: string | string[] | undefined, other?: string): boolean {
  const Statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition };
  const context = { ...(k !== undefined && { 'A:K': k }), ...(other !== undefined && { 'a:other': other }) };
  const principal = { arn: 'arn:aws:iam::123456789012:user/ann' };
  const request = { principal, action: 's3:GetObject', resource: 'arn:aws:s3:::x', context };
  return evaluate(request, { identity: { Version: '2012-10-17', Statement } }).decision === 'Allowed';
}

type Case = [operator: string, wanted: unknown, actual: string | string[] | undefined, expected: boolean];

const cases: Case[] = [
  ['StringEquals', 'x', 'x', true],
  ['StringEquals', 'x', 'X', false],
  ['StringEquals', ['y', 'x'], 'x', true],
  ['StringEquals', 'x*', 'xy', false],
  ['StringEquals', 'x', undefined, false],
  ['StringEquals', ['', 'x'], '', true],
  ['StringEquals', [], 'x', false],
  ['StringEquals', '${a:other}', 'o', true],
  ['StringEquals', '${a:none}', '', false],
  ['StringNotEquals', 'x', 'y', true],
  ['StringNotEquals', ['x', 'y'], 'y', false],
  ['StringNotEquals', 'x', undefined, true],
  ['StringEqualsIgnoreCase', 'XyZ', 'xYz', true],
  ['StringNotEqualsIgnoreCase', 'XyZ', 'xYz', false],
  ['StringEqualsIgnoreCase', 'İΟΔΟΣ', 'İΟΔΟΣ', true],
  ['StringEqualsIgnoreCase', 'ΟΔΟΣ', 'οδοσ', true],
  ['StringLike', 'x?', 'x😀', true],
  ['StringLike', 'x??', 'x😀', false],
  ['StringEquals', '😀', '😀', true],
  ['StringLike', 'a*c?', 'abbbcd', true],
  ['StringLike', 'a*c?', 'abbbc', false],
  ['StringLike', '*', 'a:b:c', true],
  ['StringLike', '*', undefined, false],
  ['StringLike', '${*}', 'x', false],
  ['StringLike', '${*}', '*', true],
  ['StringNotLike', 'a*', 'abc', false],
  ['StringNotLike', 'a*', undefined, true],
  ['StringEqualsIfExists', 'x', undefined, true],
  ['StringEqualsIfExists', 'x', 'y', false],
  ['StringNotEqualsIfExists', 'x', 'x', false],
  ['NumericEquals', 10, '10.0', true],
  ['NumericEquals', '10', 'ten', false],
  ['NumericNotEquals', '10', '11', true],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericGreaterThan', '9', '10', true],
  ['NumericGreaterThanEquals', '10', '9.9', false],
  ['DateEquals', '2026-11-20T00:00:00Z', '2026-11-20', true],
  ['DateNotEquals', '2026-11-20T00:00:00Z', '2026-11-21T00:00:00Z', true],
  ['DateLessThan', '2026-11-20T09:00:00Z', '2026-11-20T10:30:00+02:00', true],
  ['DateLessThanEquals', '2026-11-20T09:00:00Z', '2026-11-20T09:00:00Z', true],
  ['DateGreaterThan', '1970-01-01T00:00:09Z', '10000', true],
  ['DateGreaterThanEquals', '2026-11-20T09:00:00Z', 'yesterday', false],
  ['DateEquals', '2026-03-03', '2026-02-31', false],
  ['DateEquals', '2028-02-29', '2028-02-29T00:00:00Z', true],
  ['DateEquals', '2026', '2026-01-01', true],
  ['Bool', true, 'true', true],
  ['Bool', 'True', 'true', true],
  ['Bool', 'false', 'true', false],
  ['Bool', 'maybe', 'maybe', false],
  ['BoolIfExists', 'true', undefined, true],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ6', false],
  ['BinaryEquals', 'QQ==', 'QQ', true],
  ['BinaryEquals', 'x', 'y', false],
  ['IpAddress', '203.0.113.0/24', '203.0.113.7', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.7', false],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '2001:db8::/32', '2001:DB8:0::1', true],
  ['IpAddress', '2001:db8::/32', '203.0.113.7', false],
  ['IpAddress', '10', '0.0.0.10', false],
  ['NotIpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.1.1', false],
  ['NotIpAddress', '10.0.0.0/8', '11.0.0.1', true],
  ['ArnEquals', 'arn:aws:sns:*:123456789012:t*', 'arn:aws:sns:r:123456789012:topic:x', true],
  ['ArnLike', 'arn:aws:sns:*:topic', 'arn:aws:sns:r:1:topic', false],
  ['ArnLike', 'arn:aws:s*:::x', 'arn:aws:sns:::x', true],
  ['ArnLike', '*', 'no-arn', false],
  ['ArnNotEquals', 'arn:aws:sns:*:*:x', 'arn:aws:sns:r:1:x', false],
  ['ArnNotLike', 'arn:aws:sns:*:*:x', 'arn:aws:sns:r:1:y', true],
  ['Null', 'true', undefined, true],
  ['Null', true, 'x', false],
  ['Null', false, 'x', true],
  ['Null', false, [], false],
  ['ForAnyValue:StringEquals', ['x', 'y'], ['z', 'y'], true],
  ['ForAnyValue:StringEquals', ['x', 'y'], ['z'], false],
  ['ForAnyValue:StringEquals', 'x', undefined, false],
  ['ForAnyValue:StringEquals', 'x', [], false],
  ['ForAnyValue:StringEqualsIfExists', 'x', undefined, true],
  ['ForAnyValue:StringNotEquals', 'x', ['x', 'y'], true],
  ['ForAnyValue:StringNotEquals', 'x', ['x'], false],
  ['ForAnyValue:StringNotEquals', 'x', undefined, false],
  ['ForAnyValue:StringLike', '*', '', false],
  ['ForAnyValue:StringNotEquals', 'x', ['', 'x'], false],
  ['ForAllValues:StringLike', ['a*', 'b'], ['ab', 'b'], true],
  ['ForAllValues:StringLike', ['a*', 'b'], ['ab', 'c'], false],
  ['ForAllValues:StringLike', 'a*', undefined, true],
  ['ForAllValues:StringLike', 'a*', '', true],
  ['ForAllValues:StringNotEquals', 'x', ['y', 'z'], true],
  ['ForAllValues:StringNotEquals', 'x', ['y', 'x'], false],
  ['stringequals', 'x', 'x', true],
];

describe('a condition', () => {
  test.each(cases)('%s %j on %j is %j', (operator, wanted, actual, expected) => {
    expect(holds({ [operator]: { 'a:k': wanted } }, actual, 'o')).toBe(expected);
  });

  test('holds only if all its operators and keys do', () => {
    const two = { StringEquals: { 'a:k': 'x', 'a:other': 'o' }, Null: { 'a:k': false } };
    expect(holds(two, 'x', 'o')).toBe(true);
    expect(holds(two, 'x', 'p')).toBe(false);
    expect(holds(two, undefined, 'o')).toBe(false);
  });

  test('knows the keys that AWS derives from the caller', () => {
    const derived = { StringEquals: { 'aws:PrincipalAccount': '123456789012', 'aws:username': 'ann' } };
    expect(holds({ ...derived, ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/ann' } }, undefined)).toBe(
      true,
    );
  });

  test('with many stars needs no time', () => {
    const start = performance.now();
    expect(holds({ StringLike: { 'a:k': `${'*a'.repeat(50)}b` } }, 'a'.repeat(2000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
