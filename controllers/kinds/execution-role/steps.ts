import {
  AttachRolePolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import type { KindContext } from '../kind.ts';
import { own } from './diff.ts';
import { keepsItself } from './lockout.ts';
import type { ActualRole } from './observe.ts';
import { unlessGone } from './read.ts';
import { characters, type ExecutionRole } from './render.ts';
import { OWN_POLICY } from './section.ts';

/** One call that mends a role. */
export interface Step {
  /** Of the differences that it writes. */
  readonly paths: readonly string[];
  readonly call: () => Promise<unknown>;
  /** It comes also while a principal of the trust policy is missing: after it and those before it, nobody may do more. */
  readonly always?: true;
}

/**
 * What the differences ask for, as calls in order; those on one thing are one call. Trust and boundary come first, then
 * what takes permissions away, then what gives them: the role never may do more than wanted because of the order, and
 * there is room for what is put. Where the role in use would lose with the others what lets Orgkeeper keep it, that is
 * put before anything is taken away.
 */
export function steps(
  wanted: ExecutionRole,
  actual: ActualRole,
  paths: readonly string[],
  { clients: { iam } }: KindContext,
): Step[] {
  const RoleName = wanted.name;
  const below = (field: string) =>
    paths.filter((path) => path.startsWith(`${field}.`)).map((path) => path.slice(field.length + 1));
  const list: Step[] = [];
  const add = (written: readonly string[], call: Step['call']) => list.push({ paths: written, call });
  const always = (path: string, call: Step['call']) => list.push({ paths: [path], call, always: true });
  const put = (PolicyName: string) => () => {
    const PolicyDocument = JSON.stringify(wanted.inlinePolicies[PolicyName]);
    return iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  };

  if (paths.includes('trustPolicy')) {
    const PolicyDocument = JSON.stringify(wanted.trustPolicy);
    add(['trustPolicy'], () => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })));
  }
  if (paths.includes('permissionsBoundary')) {
    const PermissionsBoundary = wanted.permissionsBoundary;
    const field = ['permissionsBoundary'];
    if (PermissionsBoundary) {
      add(field, () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })));
    } else add(field, () => unlessGone(iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))));
  }

  const inline = below('inlinePolicies');
  const ownFirst = inline.includes(OWN_POLICY) && !keepsItself(wanted, actual);
  if (ownFirst) always(`inlinePolicies.${OWN_POLICY}`, put(OWN_POLICY));

  const managed = below('managedPolicies');
  for (const PolicyArn of managed.filter((arn) => !wanted.managedPolicies.includes(arn))) {
    const detach = () => unlessGone(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
    always(`managedPolicies.${PolicyArn}`, detach);
  }
  for (const PolicyName of inline.filter((name) => !own(wanted.inlinePolicies, name))) {
    const drop = () => unlessGone(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
    always(`inlinePolicies.${PolicyName}`, drop);
  }

  if (paths.includes('maxSessionDuration') || paths.includes('description')) {
    // Both: a duration that is left out becomes one hour.
    const { description: Description, maxSessionDuration: MaxSessionDuration } = wanted;
    const fields = ['maxSessionDuration', 'description'];
    add(fields, () => iam.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration })));
  }
  for (const PolicyArn of managed.filter((arn) => wanted.managedPolicies.includes(arn))) {
    const attach = () => iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
    add([`managedPolicies.${PolicyArn}`], attach);
  }
  const toPut = inline.filter(
    (name) => own(wanted.inlinePolicies, name) && !(ownFirst && name === OWN_POLICY),
  );
  // What shrinks makes room for what grows.
  for (const name of toPut.toSorted((one, other) => growth(one) - growth(other))) {
    add([`inlinePolicies.${name}`], put(name));
  }
  const keys = below('tags');
  const Tags = keys.flatMap((Key) => {
    const Value = own(wanted.tags, Key);
    return Value === undefined ? [] : [{ Key, Value }];
  });
  const TagKeys = keys.filter((key) => own(wanted.tags, key) === undefined);
  const removed = TagKeys.map((key) => `tags.${key}`);
  const kept = Tags.map(({ Key }) => `tags.${Key}`);
  if (removed.length > 0) add(removed, () => iam.send(new UntagRoleCommand({ RoleName, TagKeys })));
  if (kept.length > 0) add(kept, () => iam.send(new TagRoleCommand({ RoleName, Tags })));
  return list;

  function growth(name: string): number {
    const before = decodeURIComponent(own(actual.inlinePolicies, name) ?? '');
    return characters(JSON.stringify(wanted.inlinePolicies[name])) - characters(before);
  }
}
