import type { Role } from '@aws-sdk/client-iam';
import { type KindContext, type Observation, OWNER_TAG } from '../kind.ts';
import { lookAtFormer } from './former.ts';
import { type Given, readGiven } from './given.ts';
import { isOurs, tagsOf } from './ours.ts';
import { attachedArns, getRole, inlineDocument, inlineNames, managedDocument } from './read.ts';
import type { ExecutionRole } from './render.ts';

/** The role as IAM shows it. */
export interface ActualRole {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly maxSessionDuration: number;
  /** URL-encoded, as IAM gives it. */
  readonly trustPolicy: string;
  /** By name; undefined for those that nobody wants: they were not read. */
  readonly inlinePolicies: Readonly<Record<string, string | undefined>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** The document of a permissions boundary that is to be put on the role in use, URL-encoded. */
  readonly boundaryToBe?: string;
  /** Of the role by which the account is entered: whose it is. */
  readonly keptBy?: 'orgkeeper' | 'owner';
  /** Present for a role that its owner made, and by which the account is entered: it is checked, never changed. */
  readonly given?: Given;
}

/**
 * See Kind. One step, nothing waits for the answer of another call; but for a role that its owner made, whose
 * documents are read when their names are known.
 */
export async function observe(wanted: ExecutionRole, context: KindContext): Promise<Observation<ActualRole>> {
  const names = Object.keys(wanted.inlinePolicies);
  const [role, , listed, managedPolicies, ...documents] = await Promise.all([
    getRole(wanted.name, context),
    lookAtFormer(wanted, context),
    inlineNames(wanted.name, context),
    attachedArns(wanted.name, context),
    ...names.map((name) => inlineDocument(wanted.name, name, context)),
  ]);
  if (!role) return { state: 'absent' };
  const tags = tagsOf(role);
  const given = !isOurs(role, context);
  if (given && (!wanted.entry || tags[OWNER_TAG] !== undefined)) return foreign(role, tags[OWNER_TAG]);
  const read = names.flatMap((name, index) =>
    documents[index] === undefined ? [] : [[name, documents[index]]],
  );
  const inline: Record<string, string | undefined> = {
    ...Object.fromEntries(listed.filter((name) => !names.includes(name)).map((name) => [name, undefined])),
    ...Object.fromEntries(read),
  };
  const permissionsBoundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    state: 'present',
    actual: {
      arn: role.Arn ?? wanted.arn,
      name: role.RoleName ?? wanted.name,
      path: role.Path ?? '/',
      description: role.Description ?? '',
      maxSessionDuration: role.MaxSessionDuration ?? 3_600,
      trustPolicy: role.AssumeRolePolicyDocument ?? '',
      inlinePolicies: inline,
      managedPolicies,
      permissionsBoundary,
      tags,
      ...(!given && (await boundaryToBe(wanted, permissionsBoundary, context))),
      ...(wanted.entry && { keptBy: given ? 'owner' : 'orgkeeper' }),
      ...(given && {
        given: await readGiven(wanted, { inline, managedPolicies, permissionsBoundary }, context),
      }),
    },
  };
}

/** Whether it would shut us out can only be told by its document. */
async function boundaryToBe(
  { entry, permissionsBoundary: wanted }: ExecutionRole,
  current: string | undefined,
  context: KindContext,
): Promise<{ boundaryToBe?: string }> {
  if (!entry || !wanted || wanted === current) return {};
  const document = await managedDocument(wanted, context);
  return document === undefined ? {} : { boundaryToBe: document };
}

function foreign(role: Role, owner: string | undefined): Observation<ActualRole> {
  const whose =
    owner === undefined ? 'was not made by Orgkeeper' : `belongs to the Orgkeeper of account ${owner}`;
  return {
    state: 'foreign',
    message: `The role ${role.Arn} ${whose}, so it is left as it is.`,
    remedy: `Tag it with ${OWNER_TAG} and the id of the Main account to hand it over, or give the role in the baseline another name.`,
  };
}
