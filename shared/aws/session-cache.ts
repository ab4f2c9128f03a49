import type { AwsCredentialIdentity } from '@smithy/types';

interface Cached {
  readonly credentials: AwsCredentialIdentity;
  readonly accountId: string;
}

/** So long before they expire, credentials count as gone. */
const MARGIN_MS = 5 * 60_000;
const SIZE = 1_000;

/** Credentials of sessions, kept until shortly before they expire. */
export interface SessionCache {
  /** What is kept under the key, or what `open` gives; whoever asks at the same time waits for the same answer. */
  get(
    key: string,
    accountId: string,
    open: () => Promise<AwsCredentialIdentity>,
  ): Promise<AwsCredentialIdentity>;
  drop(key: string): void;
  /** Forgets all sessions in an account. */
  evict(accountId: string): void;
}

/** An empty cache in the memory of this process, of a thousand sessions at most: the oldest go first. */
export function sessionCache(now: () => number): SessionCache {
  const cache = new Map<string, Cached>();
  const under = new Map<string, Promise<AwsCredentialIdentity>>();
  return {
    async get(key, accountId, open) {
      const hit = cache.get(key);
      if (hit && (hit.credentials.expiration?.getTime() ?? 0) - MARGIN_MS > now()) return hit.credentials;
      const pending = under.get(key);
      if (pending) return pending;
      const asking = open().finally(() => under.delete(key));
      under.set(key, asking);
      const credentials = await asking;
      cache.delete(key);
      cache.set(key, { credentials, accountId });
      const oldest = cache.keys().next();
      if (cache.size > SIZE && !oldest.done) cache.delete(oldest.value);
      return credentials;
    },
    drop: (key) => void cache.delete(key),
    evict(accountId) {
      for (const [key, entry] of cache) if (entry.accountId === accountId) cache.delete(key);
    },
  };
}
