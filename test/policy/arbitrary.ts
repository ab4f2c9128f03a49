import fc from 'fast-check';
import type { Request } from '../../shared/policy/evaluate.ts';

/**
 * Random policies and requests over few names, so that they meet often: every action, resource, principal and
 * condition value of a request is one that some pattern of a policy stands for.
 */
const actions = ['s3:Get', 's3:GetTag', 's3:Put', 'ec2:Run', 'sts:AssumeRole'];
const actionPatterns = [...actions, '*', 's3:*', 's3:Get*', 'S3:GET', 's3:?et', '*:*', 'ec2:R*n', 'sts:*'];
const account = '123456789012';
const resources = [
  'arn:aws:s3:::a/x',
  'arn:aws:s3:::a/y',
  'arn:aws:s3:::b/ann',
  `arn:aws:sqs:r:${account}:q`,
  'a',
];
const resourcePatterns = [
  ...resources,
  '*',
  'arn:aws:s3:::a/*',
  'arn:aws:s3:::*',
  'arn:aws:s3:::?/x',
  'arn:aws:s3:::b/${aws:username}',
  "arn:aws:s3:::b/${a:k, 'ann'}",
  'arn:*',
  'arn:aws:*:r:*:q',
  'arn:aws:s?s:*',
];
const requesters = [
  { arn: `arn:aws:iam::${account}:user/ann`, uniqueId: 'AIDAEXAMPLEEXAMPLE123' },
  { arn: `arn:aws:iam::${account}:role/path/x` },
  { arn: `arn:aws:sts::${account}:assumed-role/x/s`, uniqueId: 'AROAEXAMPLEEXAMPLE123' },
  { arn: `arn:aws:iam::${account}:root` },
  { arn: 'arn:aws:iam::210987654321:user/ann' },
  { arn: 'ec2.amazonaws.com', type: 'Service' },
] as const;
const awsNames = [
  ...requesters.slice(0, 5).map((each) => each.arn),
  '*',
  account,
  `arn:aws:iam::${account}:role/x`,
  'AIDAEXAMPLEEXAMPLE123',
  'AROAEXAMPLEEXAMPLE123',
];
const values = [
  '1',
  '2',
  'ann',
  'a*',
  'true',
  '10.0.0.1',
  '10.0.0.0/8',
  '${aws:username}',
  'arn:aws:s3:::a',
  '',
];
const operators = [
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLike',
  'StringEqualsIfExists',
  'StringEqualsIgnoreCase',
  'StringNotLikeIfExists',
  'ForAllValues:StringLike',
  'ForAnyValue:StringEquals',
  'ForAllValues:StringNotEquals',
  'ForAnyValue:StringNotLike',
  'NumericLessThan',
  'NumericGreaterThanEquals',
  'NumericNotEquals',
  'DateGreaterThan',
  'Bool',
  'Null',
  'IpAddress',
  'NotIpAddress',
  'ArnLike',
  'ArnNotEquals',
];
const keys = ['a:k', 'A:K', 'b:k', 'aws:PrincipalArn'];

const some = <T>(from: readonly T[], most = 3): fc.Arbitrary<T[]> =>
  fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: most });
const stringOrList = (list: fc.Arbitrary<string[]>): fc.Arbitrary<string | string[]> =>
  fc.tuple(list, fc.boolean()).map(([all, one]) => (one && all.length === 1 ? (all[0] ?? '') : all));
const either = (name: string, list: fc.Arbitrary<string[]>): fc.Arbitrary<object> =>
  fc.oneof(
    { weight: 5, arbitrary: stringOrList(list).map((value) => ({ [name]: value })) },
    { weight: 1, arbitrary: stringOrList(list).map((value) => ({ [`Not${name}`]: value })) },
  );

const condition = fc
  .array(fc.tuple(fc.constantFrom(...operators), fc.constantFrom(...keys), some(values)), { maxLength: 2 })
  .map((all) => Object.fromEntries(all.map(([operator, key, list]) => [operator, { [key]: list }])));

const principal = fc.oneof(
  { weight: 6, arbitrary: stringOrList(some(awsNames, 2)).map((AWS) => ({ Principal: { AWS } })) },
  { weight: 1, arbitrary: fc.constant({ Principal: '*' }) },
  { weight: 1, arbitrary: fc.constant({ Principal: { Service: 'ec2.amazonaws.com' } }) },
  { weight: 1, arbitrary: some(awsNames, 3).map((AWS) => ({ NotPrincipal: { AWS } })) },
);

const statement = (extra: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc
    .tuple(
      fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      either('Action', some(actionPatterns)),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: condition.map((Condition) => ({ Condition })) },
      ),
      fc.constantFrom({}, {}, { Sid: 'a' }, { Sid: 'A' }),
      extra,
    )
    .map(([Effect, ...rest]) => Object.assign({ Effect }, ...rest));

const policyOf = (each: fc.Arbitrary<object>): fc.Arbitrary<PlainPolicy> =>
  fc
    .tuple(
      fc.constantFrom({}, { Version: '2012-10-17' }, { Version: '2012-10-17' }, { Version: '2008-10-17' }),
      fc.array(each, { maxLength: 3 }),
    )
    .map(([version, Statement]) => ({ ...version, Statement }));

/** A policy as plain JSON data. */
export interface PlainPolicy {
  readonly Version?: string;
  readonly Statement: object[];
}

export const identityPolicy = policyOf(statement(either('Resource', some(resourcePatterns))));
export const resourcePolicy = policyOf(
  statement(
    fc
      .tuple(principal, either('Resource', some(resourcePatterns)))
      .map(([who, what]) => ({ ...who, ...what })),
  ),
);
export const trustPolicy = policyOf(statement(principal));

/** A request, with a context that often lacks a key or has several values of it. */
export const request: fc.Arbitrary<Request> = fc.record({
  principal: fc.constantFrom(...requesters),
  action: fc.constantFrom(...actions),
  resource: fc.constantFrom(...resources),
  context: fc.dictionary(
    fc.constantFrom('a:k', 'B:K'),
    fc.oneof(fc.constantFrom(...values), some(values, 2)),
    {
      maxKeys: 2,
    },
  ),
});
