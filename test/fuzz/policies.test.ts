import { expect } from '@jest/globals';
import fc from 'fast-check';
import {
  covers,
  evaluate,
  type Policy,
  PolicyError,
  parsePolicy,
  samePolicy,
} from '../../shared/policy/index.ts';
import { blocksOf, page } from '../docs/pages.ts';
import { fuzz } from './fuzz.ts';
import { type Json, messages } from './inputs.ts';

const statement = {
  Sid: 'A',
  Effect: 'Allow',
  Action: ['s3:GetObject', 'ec2:Describe*'],
  Resource: 'arn:aws:s3:::lab/${aws:username}/*',
};
const examples: readonly Json[] = [
  { Version: '2012-10-17', Statement: statement },
  {
    Version: '2012-10-17',
    Statement: [
      {
        ...statement,
        Condition: {
          StringLike: { 'aws:PrincipalTag/team': ['a*', 'b'] },
          Bool: { 'aws:SecureTransport': true },
        },
      },
      {
        Effect: 'Deny',
        NotAction: 'iam:*',
        Resource: '*',
        Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      },
      {
        Effect: 'Deny',
        Action: '*',
        NotResource: ['*'],
        Condition: { NumericLessThan: { 'aws:MultiFactorAuthAge': 3600 } },
      },
    ],
  },
  {
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: ['123456789012', 'arn:aws:iam::123456789012:role/x'], Service: 'ec2.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'sts:ExternalId': 'x1' },
        DateLessThan: { 'aws:CurrentTime': '2026-11-20T00:00:00Z' },
      },
    },
  },
];
const GRANTED = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
const asText = messages(examples);
const inputs = fc.oneof(
  { weight: 5, arbitrary: asText },
  { weight: 1, arbitrary: asText.filter((text) => text.isWellFormed()).map(encodeURIComponent) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '%',
      '%7B',
      '%E0%A4%A',
      ...blocksOf(page('docs/policies.md')).map(({ text }) => text),
    ),
  },
);

fuzz({
  name: 'policy',
  inputs,
  runs: 16_000,
  check(text) {
    const policy = parsed(text);
    if (!policy) return;
    expect(parsePolicy(JSON.stringify(policy))).toEqual(policy);
    expect(samePolicy(policy, policy)).toBe(true);
    const { missing } = covers(policy, policy);
    for (const { reason } of missing) expect(reason).toMatch(/\S\.$/);
    const request = {
      principal: { arn: 'arn:aws:iam::123456789012:role/x' },
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::lab/x',
    };
    for (const place of ['identity', 'resource', 'trust', 'session', 'boundary'] as const) {
      const said = saidBy(() =>
        evaluate({ ...request, context: { 'aws:username': 'x' } }, { identity: GRANTED, [place]: policy }),
      );
      expect('reason' in said ? said.reason : said.message).toMatch(/\S.*[.)…]$/s);
    }
  },
});

/** The policy that a text is; of none, a sentence says why. */
function parsed(text: string): Policy | undefined {
  const said = saidBy(() => parsePolicy(text));
  if (!(said instanceof PolicyError)) return said;
  expect(said.message).toMatch(/\S.*[.)…]$/s);
  return undefined;
}

/** What is answered, or what is wrong with the policy. */
function saidBy<T>(ask: () => T): T | PolicyError {
  try {
    return ask();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
}
