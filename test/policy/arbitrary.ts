import fc from 'fast-check';
import type { Request } from '../../shared/policy/evaluate.ts';
import {
  account,
  actionPatterns,
  actions,
  awsNames,
  bases,
  keys,
  principalArns,
  requesters,
  resourcePatterns,
  resources,
  role,
  session,
  values,
} from './names.ts';

const operators = fc.oneof(
  { weight: 1, arbitrary: fc.constant('Null') },
  {
    weight: 12,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:', 'forallvalues:'),
        fc.constantFrom(...bases),
        fc.constantFrom('', '', 'IfExists'),
      )
      .map((parts) => parts.join('')),
  },
);
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
  .array(fc.tuple(operators, fc.constantFrom(...keys), stringOrList(some(values))), { maxLength: 3 })
  .map((all) =>
    Object.fromEntries(
      all.map(([operator, key, list]) => [operator.toLowerCase(), [operator, key, list] as const]),
    ),
  )
  .map((all) =>
    Object.fromEntries(Object.values(all).map(([operator, key, list]) => [operator, { [key]: list }])),
  );

/** What narrows `"*"` to some principals. */
const byPrincipalArn = fc
  .tuple(
    fc.constantFrom('ArnLike', 'ArnEquals', 'StringLike', 'StringEquals', 'ArnLikeIfExists', 'ArnNotLike'),
    some(principalArns, 2),
  )
  .map(([operator, list]) => ({ [operator]: { 'aws:PrincipalArn': list } }));

const principal = fc.oneof(
  { weight: 6, arbitrary: stringOrList(some(awsNames)).map((AWS) => ({ Principal: { AWS } })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom([], [role], [account]), byPrincipalArn)
      .map(([names, Condition]) => ({ Principal: { AWS: ['*', ...names] }, Condition })),
  },
  { weight: 1, arbitrary: fc.constant({ Principal: '*' }) },
  { weight: 1, arbitrary: fc.constant({ Principal: { Service: 'ec2.amazonaws.com' } }) },
  {
    weight: 1,
    arbitrary: fc.constant({
      Principal: { Federated: `arn:aws:iam::${account}:saml-provider/p`, CanonicalUser: 'c' },
    }),
  },
  { weight: 1, arbitrary: some(awsNames, 4).map((AWS) => ({ NotPrincipal: { AWS } })) },
  {
    weight: 1,
    arbitrary: some([account, role, session, `arn:aws:iam::${account}:user/ann`], 4).map((AWS) => ({
      NotPrincipal: { AWS, Service: 'ec2.amazonaws.com' },
    })),
  },
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
    fc.constantFrom('a:k', 'B:K', 'aws:PrincipalArn'),
    fc.oneof(fc.constantFrom(...values), some(values, 2)),
    {
      maxKeys: 3,
    },
  ),
});
