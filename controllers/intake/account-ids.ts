const ACCOUNT = /^\d{12}$/;

/**
 * The ids of the accounts that an event of CloudTrail is about. Where they stand is not documented for every event:
 * as `accountId`, or as a party of type ACCOUNT of a handshake, anywhere in what was asked and answered. Pure.
 */
export function accountIdsIn(detail: unknown): string[] {
  const { requestParameters, responseElements, serviceEventDetails } = fields(detail);
  const named = [requestParameters, responseElements, serviceEventDetails].flatMap(idsIn);
  const ids = named.filter((id) => typeof id === 'string' && ACCOUNT.test(id));
  return [...new Set(ids as string[])];
}

/** The first value under a key, however deep it stands, where it is a text; empty where there is none. Pure. */
export function textIn(value: unknown, key: string): string {
  const found = findIn(value, key);
  return typeof found === 'string' ? found : '';
}

function findIn(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  if (!Array.isArray(value) && Object.hasOwn(value, key)) return fields(value)[key];
  for (const item of Object.values(value)) {
    const found = findIn(item, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function idsIn(value: unknown): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  const { accountId, type, id } = fields(value);
  return [accountId, ...(type === 'ACCOUNT' ? [id] : []), ...Object.values(value).flatMap(idsIn)];
}

function fields(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}
