import { covers, type Exception } from '../../shared/domain/exceptions.ts';
import { likeText } from '../../shared/domain/glob.ts';
import type { Announcement, Difference } from '../../shared/domain/status.ts';
import { type AnyKind, type Comparison, type Leaving, NAME_TAG, OWNER_TAG } from '../kinds/kind.ts';

/** A comparison without the differences that are left because of an exception, and these. */
interface Parted {
  readonly comparison: Comparison;
  /** With `exceptedUntil`, and the action `reported`. */
  readonly excepted: readonly Difference[];
}

/**
 * Takes the differences that exceptions cover out of a comparison, so that nothing writes them. A difference that cannot be written
 * while another one is left stays with it. If that would leave what must not be left, the exception has no effect. Pure.
 * @param exceptions those that hold now
 */
export function partExcepted(
  comparison: Comparison,
  kind: AnyKind,
  exceptions: readonly Exception[],
): Parted {
  const until = new Map<Difference, string>();
  for (const difference of comparison.differences) {
    const end = endOf(difference, kind, exceptions);
    if (end === undefined) continue;
    const group = together(difference, comparison.differences, kind);
    const isKnown = exceptions.some((one) => one.iKnow && covers(one, difference));
    const mayBeLeft = group.every((one) => {
      const may = leaving(one, kind);
      return (
        may === 'freely' || (may === 'knowingly' && (isKnown || endOf(one, kind, exceptions) !== undefined))
      );
    });
    if (!mayBeLeft) continue;
    for (const one of group) until.set(one, later(end, until.get(one)));
  }
  if (until.size === 0) return { comparison, excepted: [] };
  const differences = comparison.differences.filter((one) => !until.has(one));
  const excepted = [...until].map(
    ([one, exceptedUntil]): Difference => ({ ...one, action: 'reported', exceptedUntil }),
  );
  return { comparison: { ...comparison, differences }, excepted };
}

/** The latest end of the exceptions that cover a difference; undefined if none may. */
function endOf(difference: Difference, kind: AnyKind, exceptions: readonly Exception[]): string | undefined {
  const may = leaving(difference, kind);
  if (may === 'never' || isOurTag(difference)) return undefined;
  return exceptions
    .filter((one) => covers(one, difference) && (may === 'freely' || one.iKnow === true))
    .map(({ until }) => until)
    .reduce<string | undefined>((end, one) => later(one, end), undefined);
}

/** Our tags, by which a resource is found again, are left only with another difference that they cannot be written without. */
function isOurTag({ path }: Difference): boolean {
  return [OWNER_TAG, NAME_TAG].some((key) => path === `tags.${key}` || path.endsWith(`.tags.${key}`));
}

/** Whether a difference of a kind may be left as it is. Pure. */
function leaving({ path }: Difference, { exceptions }: AnyKind): Leaving {
  const fields = Object.entries(exceptions?.fields ?? {});
  return fields.find(([field]) => likeText(field, path))?.[1] ?? 'never';
}

/** The difference, with all that cannot be written while it is left, directly or through another one. */
function together(
  first: Difference,
  all: readonly Difference[],
  { exceptions }: AnyKind,
): readonly Difference[] {
  const group = [first];
  for (const left of group) {
    const more = all.filter((one) => !group.includes(one) && exceptions?.goesWith?.(one, left) === true);
    group.push(...more);
  }
  return group;
}

function later(one: string, other: string | undefined): string {
  return other !== undefined && Date.parse(other) > Date.parse(one) ? other : one;
}

/** The most differences that a condition names. */
const MOST_NAMED = 10;

/** `1 difference is excepted and not corrected: subnet public mapPublicIpOnLaunch until …`. Pure. */
export function exceptedInWords(excepted: readonly Difference[]): string {
  const named = excepted
    .slice(0, MOST_NAMED)
    .map(({ resource, path, exceptedUntil }) => `${`${resource} ${path}`.trim()} until ${exceptedUntil}`);
  const more = excepted.length > MOST_NAMED ? ` and ${excepted.length - MOST_NAMED} more` : '';
  const verb = excepted.length === 1 ? 'difference is' : 'differences are';
  return `${excepted.length} ${verb} excepted and not corrected: ${named.join(', ')}${more}.`;
}

/**
 * The events about exceptions that held in the run before and hold no more: their time is over, or a request ended them. One that
 * another with its path has replaced has not ended. Pure.
 */
export function endedExceptions(
  before: readonly Exception[],
  live: readonly Exception[],
  startedAt: Date,
): Announcement[] {
  return before
    .filter(({ path }) => !live.some((one) => one.path === path))
    .map(({ path, until, because, request, requestedBy }) => {
      const isOver = Date.parse(until) <= startedAt.getTime();
      const detail = {
        ...{ path, until, request, because },
        ...(requestedBy !== undefined && { requestedBy }),
        reason: isOver ? 'TimeOver' : 'EndedByRequest',
        message: `The exception ${path} ${isOver ? 'was until' : 'was ended before'} ${until}: what it covered is corrected again.`,
      };
      return { detailType: 'ExceptionEnded', detail };
    });
}
