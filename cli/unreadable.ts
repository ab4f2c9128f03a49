import type { UnreadableItem } from '../shared/domain/errors.ts';
import { counted } from '../shared/domain/words.ts';
import { say } from './terminal.ts';

/** Items that are named; of the others, only how many there are. */
const NAMED = 5;

/** Says which items of the table a list lacks, since they cannot be read. */
export function sayUnreadable(unreadable: readonly UnreadableItem[]): void {
  for (const { message, remedy } of unreadable.slice(0, NAMED)) say(`Left out: ${message} ${remedy}`);
  const more = unreadable.length - NAMED;
  if (more > 0) say(`Left out: ${counted(more, 'more item')} of the table that cannot be read.`);
}
