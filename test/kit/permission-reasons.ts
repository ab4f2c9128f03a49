import type { Misfit } from './permissions.ts';

/** Why a permission stays that no journey uses, or that is wider than what journeys use. Each line says why (`because`). */
interface Reason extends Partial<Omit<Misfit, 'is'>> {
  readonly because: string;
}

const REASONS: readonly Reason[] = [];

/** Why the misfit is none; undefined when nobody has said so. */
export function reasonFor(misfit: Misfit): string | undefined {
  return REASONS.find((reason) => excuses(reason, misfit))?.because;
}

function excuses({ principal, statement, what }: Reason, misfit: Misfit): boolean {
  return (
    (principal === undefined || principal === misfit.principal) &&
    (statement === undefined || statement === misfit.statement) &&
    (what === undefined || what === misfit.what)
  );
}
