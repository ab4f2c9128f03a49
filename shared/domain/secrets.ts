import type { Difference } from './status.ts';

/** Names of fields that hold an ExternalId: `sts:ExternalId`, `externalId`, `….StringEquals.sts:ExternalId`. */
const EXTERNAL_ID = /external[-_ ]?id\W*$/i;
/** An ExternalId in a policy that is text: JSON or YAML. */
const EXTERNAL_ID_IN_TEXT = /(external[-_ ]?id\\?["']?\s*:\s*\[?\s*\\?["']?)([^\s"'\\,\]}]+)/gi;
/** Minimum length of an ExternalId to be masked anywhere: a shorter one would also match unrelated text. */
const FOUND_ANYWHERE = 8;

/** A secret with only its first and last two characters, enough for people to tell it from others. Pure. */
export function masked(secret: string): string {
  return secret.length < 8 ? '****' : `${secret.slice(0, 2)}****${secret.slice(-2)}`;
}

/**
 * A JSON value with every ExternalId masked: the values of fields with such a name, also in policies that are text; and the
 * account's `own`, wherever it occurs. Pure.
 */
export function maskExternalIds<T>(value: T, own?: string): T {
  return maskIn(value, own) as T;
}

/** Differences with every ExternalId masked, ready to be shown or announced. Pure. */
export function maskDifferences(differences: readonly Difference[], own?: string): Difference[] {
  return differences.map(({ desired, actual, ...difference }) => {
    const shown = (value: unknown) =>
      EXTERNAL_ID.test(difference.path) ? maskAll(value) : maskExternalIds(value, own);
    return {
      ...difference,
      ...(desired !== undefined && { desired: shown(desired) }),
      ...(actual !== undefined && { actual: shown(actual) }),
    };
  });
}

function maskIn(value: unknown, own: string | undefined): unknown {
  if (typeof value === 'string') {
    const text = own && own.length >= FOUND_ANYWHERE ? value.replaceAll(own, masked(own)) : value;
    return text.replaceAll(EXTERNAL_ID_IN_TEXT, (_, before: string, id: string) => before + masked(id));
  }
  return mapped(value, (item, key) => (EXTERNAL_ID.test(key) ? maskAll(item) : maskIn(item, own)));
}

/** A JSON value with every text and number in it masked. Pure. */
export function maskAll(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return masked(String(value));
  return mapped(value, maskAll);
}

function mapped(value: unknown, change: (item: unknown, key: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => change(item, ''));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}
