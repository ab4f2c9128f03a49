import { type Blocked, WAITING_FOR_OUTPUTS } from '../kinds/kind.ts';

/** Characters that a condition says of what stands in the way: they are stored with every status. */
const MOST = 1_000;

/**
 * All that stands in the way of a kind, as one reason and one text: the first one's reason, and what each says, once;
 * one of each reason before more of any. Undefined when nothing does. Pure.
 */
export function blockedBy(blocked: readonly Blocked[]): Pick<Blocked, 'reason' | 'message'> | undefined {
  const sorted = blocked.toSorted((one, other) => waits(one) - waits(other));
  const [first] = sorted;
  if (!first) return undefined;
  const leading = sorted.filter(
    ({ reason }, at) => sorted.findIndex((each) => each.reason === reason) === at,
  );
  const messages = [...new Set([...leading, ...sorted].map(({ message }) => message))];
  return { reason: first.reason, message: joined(messages) };
}

/** What waits for others says least about what stands in the way. */
function waits({ reason }: Blocked): number {
  return reason === WAITING_FOR_OUTPUTS ? 1 : 0;
}

/** As many as there is room for, whole, and how many more there are; the first one in any case. */
function joined(messages: readonly string[]): string {
  for (let count = messages.length; count > 0; count -= 1) {
    const more = messages.length - count;
    const shown = messages.slice(0, count).join(' ');
    const text = more > 0 ? `${shown} And ${more} more: see the differences.` : shown;
    if (text.length <= MOST) return text;
  }
  return `${messages[0]?.slice(0, MOST - 1)}…`;
}
