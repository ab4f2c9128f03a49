import { InvalidDesiredState } from '../domain/errors.ts';
import type { AccountStatus, Announcement, PassRecord } from '../domain/status.ts';
import { ITEM_ROOM, itemBytes, packed } from './item-size.ts';

/**
 * The status as an item of the table can hold it: with as many differences as there is room for, those of the announcements that it
 * still has to send included, and the number of the others. Most statuses stay as they are. Pure.
 * @throws InvalidDesiredState if it is too large even without differences
 */
export function withRoom(status: AccountStatus): AccountStatus {
  let most = Math.max(...listsOf(status).map((list) => list.length));
  for (let fitting = status; ; fitting = withAtMost(status, most)) {
    const bytes = itemBytes(packed({ ...fitting }));
    if (bytes <= ITEM_ROOM) return fitting;
    if (most === 0) throw tooLarge(status, bytes);
    most = Math.floor(most / 2);
  }
}

/** The lists of differences that can be cut. */
function listsOf({ lastPass, unannounced = [] }: AccountStatus): (readonly unknown[])[] {
  return [lastPass?.differences ?? [], ...unannounced.map(differencesIn)];
}

function differencesIn({ detail }: Announcement): readonly unknown[] {
  return Array.isArray(detail.differences) ? detail.differences : [];
}

function withAtMost(status: AccountStatus, most: number): AccountStatus {
  const { lastPass, unannounced } = status;
  return {
    ...status,
    ...(lastPass && { lastPass: passWithAtMost(lastPass, most) }),
    ...(unannounced && { unannounced: unannounced.map((event) => eventWithAtMost(event, most)) }),
  };
}

function passWithAtMost(pass: PassRecord, most: number): PassRecord {
  const { differences, differencesOmitted = 0 } = pass;
  const omitted = differencesOmitted + Math.max(0, differences.length - most);
  return {
    ...pass,
    differences: differences.slice(0, most),
    ...(omitted > 0 && { differencesOmitted: omitted }),
  };
}

function eventWithAtMost(event: Announcement, most: number): Announcement {
  const differences = differencesIn(event);
  if (differences.length <= most) return event;
  return { ...event, detail: { ...event.detail, differences: differences.slice(0, most) } };
}

function tooLarge({ accountId }: AccountStatus, bytes: number): InvalidDesiredState {
  const kilobytes = Math.ceil(bytes / 1024);
  return new InvalidDesiredState(
    `The status of account ${accountId} has ${kilobytes} KB, and an item of DynamoDB has at most 400 KB.`,
    [],
    {
      reason: 'StatusTooLarge',
      remedy:
        'Assign a baseline with fewer resources or regions, and retire the regions that the account no longer has.',
    },
  );
}
