import type { AnyKind } from '../../controllers/kinds/kind.ts';

/** A kind that has what is given, and of which nothing else may be called. */
export function aFakeKind(
  kind: Pick<AnyKind, 'name' | 'section' | 'outputNames' | 'render'> & Partial<AnyKind>,
): AnyKind {
  const never = () => {
    throw new Error('reading a baseline calls nobody');
  };
  return {
    scope: 'global',
    permissions: { read: [], write: [] },
    observe: never,
    outputs: never,
    made: never,
    diff: never,
    apply: never,
    remove: never,
    ...kind,
  };
}
