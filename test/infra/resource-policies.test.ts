import { describe, expect, it, jest } from '@jest/globals';
import type { PolicyInput } from '../../shared/policy/document.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import type { Requester } from '../../shared/policy/requester.ts';
import { MEMBER } from '../kit/factories.ts';
import { CONTEXT, only, templates } from './support.ts';

/**
 * Who the policies of topics, keys and buckets let in, decided as AWS decides. Nothing at the local runtime publishes
 * an alarm, so no journey shows it.
 */

// Synthesising takes its time on a busy machine.
jest.setTimeout(60_000);

const { mainAccountId, managementAccountId, region } = CONTEXT;
const stacks = templates();
const anything = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
} as const;

/** The policy with the ARNs that its references are once it is deployed. */
function resolved(document: unknown, arn: string): PolicyInput {
  return JSON.parse(JSON.stringify(document), (_, value) => {
    if (value?.Ref || value?.['Fn::GetAtt']) return arn;
    const join = value?.['Fn::Join'];
    return join ? join[1].join(join[0]) : value;
  });
}

const cloudWatch: Requester = { arn: 'cloudwatch.amazonaws.com', type: 'Service' };
const decide = (
  principal: Requester,
  [action, resource]: readonly [action: string, resource: string],
  policies: Parameters<typeof evaluate>[1],
  context: Record<string, string> = {},
) =>
  evaluate({ principal, action, resource, context: { 'aws:SecureTransport': 'true', ...context } }, policies)
    .decision;

describe.each([
  ['orgkeeper', mainAccountId, 'orgkeeper-alarms'],
  ['orgkeeper-management', managementAccountId, 'orgkeeper-management-alarms'],
])('The topic for alarms of the stack %s', (stack, account, name) => {
  const topic = `arn:aws:sns:${region}:${account}:${name}`;
  const key = `arn:aws:kms:${region}:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
  const ofTopic = resolved(only(stacks[stack], 'AWS::SNS::TopicPolicy').PolicyDocument, topic);
  const ofKey = resolved(only(stacks[stack], 'AWS::KMS::Key').KeyPolicy, key);
  const alarmOf = (source: string) => ({ 'aws:SourceAccount': source });
  const user = (owner: string): Requester => ({ arn: `arn:aws:iam::${owner}:user/ann` });
  const ofIts = (resource: PolicyInput, identity?: PolicyInput) => ({
    resource,
    resourceAccountId: account,
    ...(identity && { identity }),
  });

  it('gets alarms of its own account from CloudWatch, encrypted with its key', () => {
    const publish = ['sns:Publish', topic] as const;
    expect(decide(cloudWatch, publish, ofIts(ofTopic), alarmOf(account))).toBe('Allowed');
    for (const action of ['kms:GenerateDataKey', 'kms:Decrypt']) {
      expect(decide(cloudWatch, [action, key], ofIts(ofKey), alarmOf(account))).toBe('Allowed');
    }
  });

  it('gets none of another account, whose alarms cannot use the key either', () => {
    expect(decide(cloudWatch, ['sns:Publish', topic], ofIts(ofTopic), alarmOf(MEMBER))).toBe('ImplicitDeny');
    expect(decide(cloudWatch, ['kms:GenerateDataKey', key], ofIts(ofKey), alarmOf(MEMBER))).toBe(
      'ImplicitDeny',
    );
  });

  it('gets nothing from people of another account, whatever their own policies allow', () => {
    expect(decide(user(MEMBER), ['sns:Publish', topic], ofIts(ofTopic, anything))).toBe('ImplicitDeny');
    expect(decide(user(MEMBER), ['kms:Decrypt', key], ofIts(ofKey, anything))).toBe('ImplicitDeny');
  });

  it('gets nothing without TLS, even from its own administrators', () => {
    const publish = ['sns:Publish', topic] as const;
    expect(decide(user(account), publish, ofIts(ofTopic, anything))).toBe('Allowed');
    const plain = { 'aws:SecureTransport': 'false' };
    expect(decide(user(account), publish, ofIts(ofTopic, anything), plain)).toBe('ExplicitDeny');
  });

  it('has a key that the policies of its account give out, and that is nobody else to give', () => {
    expect(decide(user(account), ['kms:Decrypt', key], ofIts(ofKey, anything))).toBe('Allowed');
    expect(decide(user(account), ['kms:Decrypt', key], ofIts(ofKey))).toBe('ImplicitDeny');
  });
});

describe.each([
  ['member templates', 'Templates', `orgkeeper-templates-${mainAccountId}-${region}`],
  ['reviews', 'Reviews', `orgkeeper-reviews-${mainAccountId}-${region}`],
])('The bucket for %s', (_, id, name) => {
  const arn = `arn:aws:s3:::${name}`;
  const isOfBucket = ({ Bucket }: Record<string, unknown>) =>
    (Bucket as { Ref?: string }).Ref?.startsWith(id) === true;
  const written = only(stacks.orgkeeper, 'AWS::S3::BucketPolicy', isOfBucket).PolicyDocument;
  const policies = { resource: resolved(written, arn), identity: anything, resourceAccountId: mainAccountId };
  const main: Requester = { arn: `arn:aws:iam::${mainAccountId}:user/ann` };
  const get = ['s3:GetObject', `${arn}/one.json`] as const;

  it('is read by who has the permission, with TLS only', () => {
    expect(decide(main, get, policies)).toBe('Allowed');
    expect(decide(main, get, policies, { 'aws:SecureTransport': 'false' })).toBe('ExplicitDeny');
  });

  it('is read by no other account', () => {
    expect(decide({ arn: `arn:aws:iam::${MEMBER}:user/ann` }, get, policies)).toBe('ImplicitDeny');
  });
});
