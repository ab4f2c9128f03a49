import { UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import type { Change, KindContext } from '../kind.ts';
import type { ActualRole } from './observe.ts';
import type { ExecutionRole } from './render.ts';

/** See Kind. Puts the trust policy back as it was found, to the letter; nothing where it was not changed. */
export async function restore(
  { wanted, actual, differences }: Change<ExecutionRole, ActualRole>,
  { clients }: KindContext,
): Promise<void> {
  if (!actual || !differences.some(({ path }) => path === 'trustPolicy')) return;
  const PolicyDocument = decodeURIComponent(actual.trustPolicy);
  await clients.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: wanted.name, PolicyDocument }));
}
