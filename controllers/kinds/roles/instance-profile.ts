import {
  DescribeIamInstanceProfileAssociationsCommand,
  type IamInstanceProfileAssociation,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  type InstanceProfile,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { pagesOf } from '../../../shared/aws/pages.ts';
import { Conflict, ForeignResource } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { differencesOf } from '../comparison.ts';
import { compareTags } from '../iam-role/compare.ts';
import { own } from '../iam-role/model.ts';
import { tagsOf, unlessNoEntity } from '../iam-role/read.ts';
import type { Blocked, KindContext, WritingContext } from '../kind.ts';
import { isOurProfile, outputsOf } from './ownership.ts';
import type { BesideRole } from './section.ts';

/** The instance profile of a role: it has the role's name, path and tags, and holds that role alone. */

/** Path of its difference. */
export const PROFILE = 'instanceProfile';
const TAGS = `${PROFILE}.tags`;

/** An instance profile as IAM has it. */
export interface FoundProfile {
  readonly arn: string;
  readonly name: string;
  readonly path: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names of its roles: one at most. */
  readonly roles: readonly string[];
  readonly isOurs: boolean;
}

/** The instance profile of that name; undefined if there is none. */
export async function readProfile(
  InstanceProfileName: string,
  context: KindContext,
): Promise<FoundProfile | undefined> {
  const command = new GetInstanceProfileCommand({ InstanceProfileName });
  const found = (await unlessNoEntity(context.clients.iam.send(command)))?.InstanceProfile;
  return found && toFound(found, context);
}

function toFound(profile: InstanceProfile, context: KindContext): FoundProfile {
  const { Arn: arn = '', InstanceProfileName: name = '', Path: path = '/', Roles = [] } = profile;
  const roles = Roles.map(({ RoleName = '' }) => RoleName);
  return { arn, name, path, tags: tagsOf(profile), roles, isOurs: isOurProfile(profile, context) };
}

/** What differs of the instance profile of a role, and one that is in the way or no longer wanted. Pure. */
export function compareProfile(
  role: BesideRole,
  found: FoundProfile | undefined,
): { readonly differences: readonly Difference[]; readonly blocked: readonly Blocked[] } {
  const at = differencesOf('roles');
  const reported = (reason: string, message: string): Blocked[] => [
    { reason, message, difference: at(role.name, PROFILE, { actual: found?.arn }, 'reported') },
  ];
  if (!role.instanceProfile) {
    const message =
      `The instance profile ${found?.arn}, which Orgkeeper made, still exists, and the baseline no longer asks for it. ` +
      'Delete it once no instance uses it, or put it back into the baseline; retiring the account with its resources removed deletes it, too.';
    return { differences: [], blocked: found?.isOurs ? reported('FormerInstanceProfile', message) : [] };
  }
  if (!found) return { differences: [at(role.name, PROFILE, { desired: role.name })], blocked: [] };
  if (!found.isOurs) {
    const message =
      `The instance profile ${found.arn} was not made by Orgkeeper, so Orgkeeper does not change it: ` +
      'delete it, or give the role in the baseline another name.';
    return { differences: [], blocked: reported('ForeignResource', message) };
  }
  const holdsIt = found.roles.length === 1 && found.roles[0] === role.name;
  const sides = { desired: role.name, actual: found.roles.join(', ') || undefined };
  const tags = compareTags(TAGS, role.tags, found.tags);
  return {
    differences: [
      ...(holdsIt ? [] : [at(role.name, `${PROFILE}.role`, sides)]),
      ...tags.map(({ path, ...values }) => at(role.name, path, values)),
    ],
    blocked: comparePath(role, found),
  };
}

/** The path of an instance profile that differs, which IAM cannot change. */
function comparePath({ name, path: desired }: BesideRole, { arn, path: actual }: FoundProfile): Blocked[] {
  if (desired === actual) return [];
  const message =
    `The path of the instance profile ${arn} is ${actual}, not ${desired}, and IAM cannot change it: ` +
    'delete the instance profile, and Orgkeeper creates it again, or put its path into the baseline.';
  const difference = differencesOf('roles')(name, `${PROFILE}.path`, { desired, actual }, 'reported');
  return [{ reason: 'NeedsReplacement', message, difference }];
}

/**
 * Writes these differences: makes the instance profile if it does not exist, lets it hold the role alone, and puts its tags. Safe to
 * repeat.
 */
export async function writeProfile(
  role: BesideRole,
  found: FoundProfile | undefined,
  differences: readonly Difference[],
  context: WritingContext,
): Promise<void> {
  const ofTags = differences.filter(({ path }) => path.startsWith(`${TAGS}.`));
  const others = differences.filter((one) => !ofTags.includes(one));
  if (others.length > 0) await fill(role, found, context);
  context.wrote(others);
  await putTags(role, ofTags, context);
}

async function putTags(
  { name: InstanceProfileName, tags }: BesideRole,
  differences: readonly Difference[],
  { clients: { iam }, wrote }: WritingContext,
): Promise<void> {
  const keys = differences.map(({ path }) => path.slice(TAGS.length + 1));
  const TagKeys = keys.filter((key) => own(tags, key) === undefined);
  const Tags = keys.flatMap((Key) => {
    const Value = own(tags, Key);
    return Value === undefined ? [] : [{ Key, Value }];
  });
  if (TagKeys.length > 0) await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys }));
  if (Tags.length > 0) await iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags }));
  wrote(differences);
}

async function fill(role: BesideRole, found: FoundProfile | undefined, context: KindContext): Promise<void> {
  const { iam } = context.clients;
  const InstanceProfileName = role.name;
  if (!found) await create(role, context);
  for (const RoleName of found?.roles ?? []) {
    if (RoleName === role.name) continue;
    const command = new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName });
    await unlessNoEntity(iam.send(command));
  }
  const command = new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: role.name });
  try {
    // IAM is eventually consistent about a new profile and a new role.
    await context.eventually(() => iam.send(command), ['NoSuchEntity', 'NoSuchEntityException']);
  } catch (error) {
    // An answer that was lost: the role is in it already, and a profile holds one role.
    const now = await readProfile(role.name, context);
    if (!now?.roles.includes(role.name)) throw error;
  }
}

async function create({ key, name, path, tags }: BesideRole, context: KindContext): Promise<void> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const command = new CreateInstanceProfileCommand({ InstanceProfileName: name, Path: path, Tags });
  try {
    const { InstanceProfile } = await context.clients.iam.send(command);
    context.record({ [outputsOf(key).profile]: InstanceProfile?.Arn });
  } catch (error) {
    if (!(error instanceof Error) || !/^EntityAlreadyExists(Exception)?$/.test(error.name)) throw error;
    // Created after it was observed: by a create of ours that was sent twice, or by somebody else.
    const found = await readProfile(name, context);
    if (!found || found.isOurs) {
      throw new Conflict(`The instance profile ${name} was created during the run.`, { cause: error });
    }
    throw new ForeignResource(`The instance profile ${found.arn} was not made by Orgkeeper.`, {
      cause: error,
      remedy: 'Delete it, or give the role in the baseline another name.',
    });
  }
}

/**
 * Removes an instance profile of ours. Safe to repeat.
 * @throws ForeignResource, reason `InUse`, if an instance has the profile, in whichever region of the account
 */
export async function removeProfile({ arn, name, roles }: FoundProfile, context: KindContext): Promise<void> {
  const { clients } = context;
  const { iam } = clients;
  const { otherRegions = [] } = context.account;
  const inHome = usersOf(arn, clients);
  const elsewhere = otherRegions.map(async (region) =>
    (await usersOf(arn, clients.inRegion(region))).map((id) => `${id} (${region})`),
  );
  const users = (await Promise.all([inHome, ...elsewhere])).flat();
  if (users.length > 0) {
    const message = `The role ${name} is in use by instance ${users.join(', ')}, by its instance profile ${arn}.`;
    throw new ForeignResource(message, {
      reason: 'InUse',
      remedy: 'Terminate the instance, or take the instance profile off it; then retire the account again.',
    });
  }
  for (const RoleName of roles) {
    const command = new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName });
    await unlessNoEntity(iam.send(command));
  }
  await unlessNoEntity(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: name })));
}

/** The instances of one region that have the profile. */
async function usersOf(arn: string, { ec2 }: KindContext['clients']): Promise<string[]> {
  const found: IamInstanceProfileAssociation[] = [];
  const pages = pagesOf(
    (NextToken: string | undefined) =>
      ec2.send(
        new DescribeIamInstanceProfileAssociationsCommand({
          MaxResults: 1_000,
          ...(NextToken && { NextToken }),
        }),
      ),
    ({ NextToken }) => NextToken,
  );
  for await (const page of pages) found.push(...(page.IamInstanceProfileAssociations ?? []));
  return found.flatMap(({ IamInstanceProfile, InstanceId = '', State }) =>
    IamInstanceProfile?.Arn === arn && State !== 'disassociated' ? [InstanceId] : [],
  );
}
