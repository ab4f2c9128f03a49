import type { Role } from '@aws-sdk/client-iam';
import { roleName } from '../iam-role/model.ts';
import { removeRole } from '../iam-role/remove.ts';
import { writeRole } from '../iam-role/write.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { managesItself } from './lock-out.ts';
import type { ActualRole } from './observe.ts';
import { FORMER, forget, formerRoles, HAND_OVER, isOurRole } from './ownership.ts';
import { type ExecutionRole, OWN_POLICY } from './wanted.ts';

/**
 * See Kind. Of the role in use, Orgkeeper's own policy is put before any policy is removed if the others may be all that lets
 * Orgkeeper manage the role.
 */
export async function apply(
  change: Change<ExecutionRole, ActualRole>,
  context: WritingContext,
): Promise<void> {
  const { wanted, actual } = change;
  await writeRole(change, context, {
    kind: 'executionRole',
    section: 'executionRole',
    isOurs: (role) => isOurRole(role, context),
    handOver: HAND_OVER,
    outputs: { 'role.arn': wanted.arn, 'role.name': wanted.name },
    first: actual && !managesItself(wanted, actual) ? OWN_POLICY : undefined,
    // The role in use is changed by its own session, and what the previous step allows may not be in force everywhere yet.
    alsoWhen: wanted.entry ? ['AccessDenied'] : [],
  });
}

/**
 * See Kind. Former roles are removed, too. An unowned role stays, and so does a role in an instance profile. The role by which
 * the account is entered stays as well, because its owner made it, by our template or by hand.
 */
export async function remove(wanted: ExecutionRole, context: KindContext): Promise<void> {
  const isOurs = (role: Role) => isOurRole(role, context);
  for (const arn of formerRoles(wanted, context.recorded))
    await removeRole(roleName(arn), context, { isOurs });
  context.record({ [FORMER]: undefined });
  if (!wanted.entry) await removeRole(wanted.name, context, { isOurs });
  else if (context.recorded['role.arn'] === wanted.arn) return;
  forget(context);
}
