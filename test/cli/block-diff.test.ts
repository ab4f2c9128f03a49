import { describe, expect, it } from '@jest/globals';
import { blockDiff, diffText, totals } from '../../cli/block-diff.ts';
import type { Difference } from '../../shared/domain/status.ts';

const said = (...differences: Difference[]): string[] => blockDiff(differences).map(diffText);
const of = (one: Partial<Difference>): Difference => ({
  ...{ kind: 'executionRole', resource: 'reader', path: '', action: 'updated' },
  ...one,
});

describe('a block diff', () => {
  it('has a block for each resource, the resource in one line and each field below it', () => {
    expect(
      said(
        of({ path: 'tags.owner', actual: 'mallory', desired: 'genomics' }),
        of({
          kind: 'network',
          region: 'us-west-2',
          resource: 'vpc',
          path: 'dnsSupport',
          desired: true,
          actual: false,
        }),
        of({ path: 'description', actual: 'old', action: 'removed' }),
      ),
    ).toEqual([
      '~ executionRole reader',
      '~   tags.owner: mallory → genomics',
      '-   description: old',
      '~ network vpc (us-west-2)',
      '~   dnsSupport: false → true',
    ]);
  });

  it('shows a resource that is created or removed completely, one value a line', () => {
    const desired = {
      path: '/',
      Statement: [{ Effect: 'Allow', Action: ['s3:Get*', 's3:List*'] }],
      tags: {},
    };
    expect(
      said(of({ desired, action: 'created' }), of({ resource: 'b', actual: 'gone', action: 'removed' })),
    ).toEqual([
      '+ executionRole reader',
      '+   path: /',
      '+   Statement[0]',
      '+     Effect: Allow',
      '+     Action: s3:Get*',
      '+     Action: s3:List*',
      '+   tags: {}',
      '- executionRole b',
      '-   gone',
    ]);
  });

  it('shows a statement of a policy that was added or taken out without the null that is stored in its place', () => {
    const statement = { Sid: 'Assume', Effect: 'Allow' };
    const added = { desired: { 'Statement[0]': statement }, actual: { 'Statement[0]': null } };
    const taken = { desired: { 'Statement[0]': null }, actual: { 'Statement[0]': statement } };
    expect(
      said(of({ path: 'inlinePolicies.a', ...added }), of({ path: 'inlinePolicies.b', ...taken })),
    ).toEqual([
      '~ executionRole reader',
      '~   inlinePolicies.a',
      '+     Statement[0]',
      '+       Sid: Assume',
      '+       Effect: Allow',
      '~   inlinePolicies.b',
      '-     Statement[0]',
      '-       Sid: Assume',
      '-       Effect: Allow',
    ]);
  });

  it('compares a policy by statement, by Sid if there is one, and shows added and removed actions', () => {
    const statement = (Sid: string, ...Action: string[]) => ({ Sid, Effect: 'Allow', Action, Resource: '*' });
    const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
    const kept = statement('Kept', 'ec2:*');
    expect(
      said(
        of({
          path: 'inlinePolicies.analytics',
          actual: policy(kept, statement('S3', 's3:*', 's3:GetObject'), statement('Old', 'iam:*')),
          desired: policy(statement('S3', 's3:GetObject', 's3:PutObject'), kept, statement('New', 'ssm:*')),
        }),
      ),
    ).toEqual([
      '~ executionRole reader',
      '~   inlinePolicies.analytics',
      '~     Statement S3',
      '-       Action: s3:*',
      '+       Action: s3:PutObject',
      '        (1 unchanged in Action)',
      '        (3 unchanged)',
      '-     Statement Old',
      '-       Sid: Old',
      '-       Effect: Allow',
      '-       Action: iam:*',
      '-       Resource: *',
      '+     Statement New',
      '+       Sid: New',
      '+       Effect: Allow',
      '+       Action: ssm:*',
      '+       Resource: *',
      '      (1 unchanged in Statement)',
      '      (1 unchanged)',
    ]);
  });

  it('pairs statements without a Sid by their common parts, and a single value with a list', () => {
    const actual = {
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: 'arn:a' } }],
    };
    const desired = {
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ['arn:a', 'arn:b'] } }],
    };
    expect(said(of({ path: 'trustPolicy', actual, desired }))).toEqual([
      '~ executionRole reader',
      '~   trustPolicy',
      '~     Statement[0]',
      '~       Principal',
      '+         AWS: arn:b',
      '          (1 unchanged in AWS)',
      '        (2 unchanged)',
    ]);
  });

  it('puts long values below each other, and says if only the order of a list differs', () => {
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
    expect(
      said(
        of({ path: 'value', actual: a, desired: b }),
        of({ path: 'zones', actual: [1, 2], desired: [2, 1] }),
      ),
    ).toEqual([
      '~ executionRole reader',
      `-   value: ${a}`,
      `+   value: ${b}`,
      '~   zones: only the order differs',
    ]);
  });

  it('marks every line of a resource that is left as it is', () => {
    expect(
      said(
        of({ path: 'cidr', actual: '10.0.0.0/16', desired: '10.1.0.0/16', action: 'reported' }),
        of({ path: 'tags.theirs', actual: 'x', action: 'reported' }),
      ),
    ).toEqual(['! executionRole reader', '!   cidr: 10.0.0.0/16 → 10.1.0.0/16', '!   - tags.theirs: x']);
  });

  it.each([
    ['', '""'],
    ['443', '"443"'],
    ['true', '"true"'],
    ['{"a":1}', '"{\\"a\\":1}"'],
    [' x', '" x"'],
    ['10.0.0.0/16', '10.0.0.0/16'],
    ['(known after the run: ${vpc.id})', '(known after the run: ${vpc.id})'],
  ])('quotes the text %j only if it would read as something else', (desired, shown) => {
    expect(said(of({ path: 'value', desired, action: 'created' }))).toContain(`+   value: ${shown}`);
  });

  it('counts resources, each once', () => {
    const differences = [
      of({ path: 'a' }),
      of({ path: 'b', action: 'created' }),
      of({ resource: 'new', action: 'created' }),
      of({ resource: 'old', action: 'removed' }),
      of({ resource: 'theirs', path: 'tags.x', action: 'reported' }),
    ];
    expect(totals(differences)).toEqual({ '+': 1, '~': 1, '-': 1, '!': 1 });
  });
});
