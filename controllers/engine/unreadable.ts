import { putEvents } from '../../shared/aws/bus.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import { noteUnreadable, unreadableNoted } from '../../shared/store/statuses.ts';
import type { PassDeps, PassRequest } from './pass-types.ts';

/**
 * What becomes of an account of which an item cannot be read: nothing in it is looked at, and the bus is told once for
 * each thing that is wrong. Its items are left as they are, but for a note, so that whoever corrects them loses nothing.
 * A crash between the two announces it again.
 */
export async function sayUnreadable(
  item: UnreadableItem,
  { message: { accountId, cause } }: PassRequest,
  { main }: Pick<PassDeps, 'main'>,
): Promise<void> {
  const { reason, remedy } = item;
  const message = `${item.message} ${remedy}`;
  if ((await unreadableNoted(main.table, accountId)) === message) return;
  const detail = { accountId, reason, message, cause };
  await putEvents(main.bus, [{ detailType: 'AccountDegraded', detail }], OUR_SOURCE);
  await noteUnreadable(main.table, accountId, message);
}
