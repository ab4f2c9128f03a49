import { actionFacts } from '../../../shared/aws/service-authorization.ts';
import type { Caller } from '../callers.ts';
import type { KnownCall } from '../shim.ts';
import { type CallContext, callContext, supportedKeys } from './call-context.ts';
import { type Asked, askedBy } from './needed-actions.ts';
import { type Operation, operationOf, texts } from './operations.ts';
import type { ResourceReader } from './reader.ts';
import { keysOfCall, keysOfService, keysVia } from './request-keys.ts';
import { askedResources, type CallPlace, isArnOf } from './resources.ts';
import { stackCalls } from './stack-calls.ts';
import { UnknownAuthorization } from './unknown.ts';

/** One permission that AWS checks before it carries out a call. */
export interface Check {
  /** As the Service Authorization Reference spells it: `iam:CreateRole`. */
  readonly action: string;
  /** An ARN; `*` where the action has no resource. */
  readonly resource: string;
  /** Condition keys of the request and of the resource, without those of the caller. */
  readonly context: CallContext;
  /** True of a permission that the call needs besides its own: `iam:TagRole` of CreateRole with tags. */
  readonly dependent?: true;
  /** Role whose session is checked in place of the caller: the one by which CloudFormation makes a stack. */
  readonly roleArn?: string;
}

const CLOUDFORMATION = 'cloudformation.amazonaws.com';
const CHANGES_STACK = /^cloudformation:(Update|Delete)Stack$/;

/**
 * The checks of AWS before it carries out the call; each must be allowed. Empty if AWS checks no permission.
 * @throws UnknownAuthorization when the gateway cannot work it out
 */
export async function checksOf(
  call: KnownCall,
  reader: ResourceReader,
  now = new Date(),
): Promise<readonly Check[]> {
  const [, partition = 'aws'] = call.caller.arn.split(':');
  const at = { partition, region: call.region, account: call.caller.account };
  const keys = keysOfCall(call, now);
  const operation = handedOn(operationOf(call), call.caller);
  const asked = await Promise.all(askedBy(operation).map((one) => checksFor(one, at, keys, reader)));
  const standing = CHANGES_STACK.test(`${operation.service}:${operation.name}`)
    ? await reader.stack(at.account, at.region, texts(operation.params.StackName)[0] ?? '')
    : undefined;
  const [roleArn] = texts(operation.params.RoleARN, standing?.roleArn);
  const theirs =
    roleArn === undefined ? keysVia(CLOUDFORMATION, keys) : keysOfService(CLOUDFORMATION, at.region, now);
  const made = await Promise.all(
    stackCalls(operation, at, standing)
      .flatMap(askedBy)
      .map((one) => checksFor({ ...one, dependent: true }, at, theirs, reader)),
  );
  return [
    ...asked.flat(),
    ...made.flat().map((check) => ({ ...check, ...(roleArn !== undefined && { roleArn }) })),
  ];
}

/** A session with a source identity hands that on, so that the next role must allow to set it. */
function handedOn(operation: Operation, { session }: Caller): Operation {
  const { service, name, params } = operation;
  const { sourceIdentity } = session ?? {};
  if (sourceIdentity === undefined || `${service}:${name}` !== 'sts:AssumeRole') return operation;
  return { ...operation, params: { SourceIdentity: sourceIdentity, ...params } };
}

/** Adds the tags of its resource to a check. They cost a read, so only if a policy has a condition on them. */
export async function withResourceTags(check: Check, reader: ResourceReader): Promise<Check> {
  const facts = await actionFacts(check.action);
  const type = facts?.resourceTypes.find((one) => isArnOf(one, check.resource));
  if (!facts || !type || /\*$/.test(check.resource)) return check;
  const prefixes = supportedKeys(facts, type).filter((key) => /:resourcetag\/$/i.test(key));
  if (prefixes.length === 0) return check;
  const tags = Object.entries(await reader.tags(check.resource));
  const keys = prefixes.flatMap((prefix) => tags.map(([key, value]) => [`${prefix}${key}`, value] as const));
  return { ...check, context: { ...check.context, ...Object.fromEntries(keys) } };
}

async function checksFor(
  asked: Asked,
  at: CallPlace,
  keys: CallContext,
  reader: ResourceReader,
): Promise<Check[]> {
  const facts = await actionFacts(asked.action);
  if (!facts) throw new UnknownAuthorization(`AWS has no action ${asked.action}.`);
  const resources = await askedResources(asked, facts, at, reader);
  return Promise.all(
    resources.map(async (resource) => ({
      action: facts.name,
      resource: resource.arn,
      context: { ...keys, ...(await callContext(asked, facts, resource, at, reader)) },
      ...(asked.dependent && { dependent: true as const }),
    })),
  );
}
