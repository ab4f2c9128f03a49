import { AccessDenied } from '../../../shared/domain/errors.ts';
import type { Blocked, KindContext } from '../kind.ts';
import { FORMER, isOurs } from './ours.ts';
import { getRole } from './read.ts';
import type { ExecutionRole } from './render.ts';

/**
 * ARNs of the roles that Orgkeeper made for the account under other names than the baseline's now, as far as outputs
 * say. They are trusted as ever and kept no more. A role that its owner made, or our template, is not among them. Pure.
 */
export function formerRoles(
  { name }: Pick<ExecutionRole, 'name'>,
  recorded: Readonly<Record<string, string>>,
): string[] {
  const made = recorded['role.keptBy'] === undefined ? recorded['role.arn'] : undefined;
  const known = [...(recorded[FORMER]?.split(' ') ?? []), ...(made ? [made] : [])];
  return [...new Set(known)].filter((arn) => roleName(arn) !== name);
}

/** Looks which of them are still there, and remembers those: one that nobody may look at counts as there. */
export async function lookAtFormer(wanted: ExecutionRole, context: KindContext): Promise<void> {
  const found = await Promise.all(
    formerRoles(wanted, context.recorded).map(async (arn) => ((await stands(arn, context)) ? [arn] : [])),
  );
  context.record({ [FORMER]: found.flat().join(' ') || undefined });
}

async function stands(arn: string, context: KindContext): Promise<boolean> {
  try {
    const role = await getRole(roleName(arn), context);
    return role !== undefined && isOurs(role, context);
  } catch (error) {
    if (error instanceof AccessDenied) return true;
    throw error;
  }
}

/** Nothing that carries access is removed by itself, and nothing that does is kept silent about. Pure. */
export function reportFormer({ former, name }: ExecutionRole): Blocked[] {
  return former.map((arn) => ({
    reason: 'FormerRole',
    message:
      `The role ${arn}, which Orgkeeper made before the baseline named it ${name}, is still there: it admits whom it admitted, and ` +
      'nobody keeps it any more. Delete it once nothing uses it, or give the role its old name back; retiring the account with its resources removed takes both away.',
    difference: {
      kind: 'executionRole',
      resource: roleName(arn),
      path: '',
      actual: { arn },
      action: 'reported',
    },
  }));
}

export function roleName(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
