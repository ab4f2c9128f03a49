import type { Role } from '@aws-sdk/client-iam';
import { AccessDenied } from '../../../shared/domain/errors.ts';
import { type KindContext, type Observation, OWNER_TAG } from '../kind.ts';
import { lookAtFormer, roleName } from './former.ts';
import { type Given, readGiven } from './given.ts';
import { HAND_OVER, isOurs, tagsOf } from './ours.ts';
import {
  attachedArns,
  getRole,
  inlineDocument,
  inlineNames,
  managedDocument,
  orDenial,
  unlessDenied,
} from './read.ts';
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
  /** Of managed policies that are to be put on the role in use, its boundary too: by ARN, as far as they can be read. */
  readonly toBe?: Readonly<Record<string, string | undefined>>;
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
    ...names.map((name) => orDenial(inlineDocument(wanted.name, name, context))),
  ]);
  if (!role) return { state: 'absent' };
  const tags = tagsOf(role);
  const given = !isOurs(role, context);
  if (given && (!wanted.entry || tags[OWNER_TAG] !== undefined)) {
    forgetReplaced(role, context);
    return foreign(role, tags[OWNER_TAG]);
  }
  const denial = documents.find((each) => each instanceof AccessDenied);
  if (denial && !given) throw denial;
  const inline: Record<string, string | undefined> = Object.fromEntries([
    ...listed.map((name) => [name, undefined]),
    ...names.flatMap((name, index) =>
      typeof documents[index] === 'string' ? [[name, documents[index]]] : [],
    ),
  ]);
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
      ...(!given && (await readToBe(wanted, { managedPolicies, permissionsBoundary }, context))),
      ...(wanted.entry && { keptBy: given ? 'owner' : 'orgkeeper' }),
      ...(given && {
        given: await readGiven(wanted, { inline, managedPolicies, permissionsBoundary }, context),
      }),
    },
  };
}

/** Whether they would shut us out can only be told by their documents. */
async function readToBe(
  wanted: ExecutionRole,
  current: Pick<ActualRole, 'managedPolicies' | 'permissionsBoundary'>,
  context: KindContext,
): Promise<Pick<ActualRole, 'toBe'>> {
  if (!wanted.entry) return {};
  const arns = wanted.managedPolicies.filter((arn) => !current.managedPolicies.includes(arn));
  const { permissionsBoundary: boundary } = wanted;
  if (boundary && boundary !== current.permissionsBoundary) arns.push(boundary);
  const read = async (arn: string) => [arn, await unlessDenied(managedDocument(arn, context))] as const;
  return arns.length > 0 ? { toBe: Object.fromEntries(await Promise.all(arns.map(read))) } : {};
}

/** A role's name is its own in an account: where another path has it, ours is gone, and nobody may count on its ARN. */
function forgetReplaced({ Arn, RoleName }: Role, { recorded, record }: KindContext): void {
  const known = recorded['role.arn'];
  if (known === undefined || known === Arn || roleName(known) !== RoleName) return;
  record({ 'role.arn': undefined, 'role.name': undefined, 'role.keptBy': undefined });
}

function foreign(role: Role, owner: string | undefined): Observation<ActualRole> {
  const whose =
    owner === undefined ? 'was not made by Orgkeeper' : `belongs to the Orgkeeper of account ${owner}`;
  return {
    state: 'unowned',
    message: `The role ${role.Arn} ${whose}, so it is left as it is.`,
    remedy: HAND_OVER,
  };
}
