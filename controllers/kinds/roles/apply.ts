import type { Role } from '@aws-sdk/client-iam';
import { forEachResource } from '../failures.ts';
import { roleName } from '../iam-role/model.ts';
import { removeRole } from '../iam-role/remove.ts';
import { writeRole } from '../iam-role/write.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { managed } from './compare.ts';
import { PROFILE, readProfile, removeProfile, writeProfile } from './instance-profile.ts';
import type { ActualRoles } from './observe.ts';
import { handOver, isOurs, made, outputsOf, recordedArns } from './ownership.ts';
import type { Roles } from './section.ts';

/** A role may wait 10 s for a principal of its trust policy, which may be another of these roles. */
const AT_ONCE = 4;

/** See Kind. Writes some roles at once; one that fails does not stop the others. */
export async function apply(
  { wanted, actual, differences }: Change<Roles, ActualRoles>,
  context: WritingContext,
): Promise<void> {
  const names = [...new Set(differences.map(({ resource }) => resource))];
  const write = async (name: string) => {
    const role = wanted.roles.find((one) => one.name === name);
    if (!role) return;
    const { key, arn } = role;
    const found = actual?.found[key] ?? {};
    const own = differences.filter(({ resource }) => resource === name);
    const ofProfile = own.filter(({ path }) => path.split('.')[0] === PROFILE);
    const ofRole = own.filter((one) => !ofProfile.includes(one));
    if (ofRole.length > 0) {
      const change = { wanted: role, actual: found.role && managed(role, found.role), differences: ofRole };
      await writeRole(change, context, {
        kind: 'roles',
        section: `roles.${key}`,
        isOurs: (there) => isOurs(there, context),
        handOver: handOver(key, context),
        outputs: { [outputsOf(key).arn]: arn, [outputsOf(key).name]: name },
      });
    }
    if (ofProfile.length === 0) return;
    await writeProfile(role, found.profile, ofProfile, context);
  };
  await forEachResource(names, write, undefined, AT_ONCE);
}

/** See Kind. Former roles are removed, too, and the instance profile with its role. */
export async function remove(wanted: Roles, context: KindContext): Promise<void> {
  const named = wanted.roles.flatMap(({ name }) => (name.includes('${') ? [] : [name]));
  const names = new Set([...named, ...recordedArns(context.recorded).map(roleName)]);
  await forEachResource([...names], (name) => removeOne(name, context));
  const outputs = Object.keys(made(context.recorded));
  context.record(Object.fromEntries(outputs.map((output) => [output, undefined])));
}

async function removeOne(name: string, context: KindContext): Promise<void> {
  const found = await readProfile(name, context);
  const profile = found?.isOurs ? found : undefined;
  let isGone = profile === undefined;
  const before = async () => {
    if (profile) await removeProfile(profile, context);
    isGone = true;
  };
  await removeRole(name, context, {
    isOurs: (role: Role) => isOurs(role, context),
    profiles: profile ? [profile.name] : [],
    before,
  });
  // The role may be gone, or somebody else's, and the profile still ours.
  if (!isGone) await before();
}
