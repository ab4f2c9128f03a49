import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';

/** Temporary credentials, under the names that AWS's own tools give them. */
export const TemporaryCredentials = z.strictObject({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  /** ISO 8601. */
  Expiration: z.iso.datetime(),
});
export type TemporaryCredentials = z.infer<typeof TemporaryCredentials>;

/**
 * So long before they expire they count as gone. AWS's own tools ask a credential_process again from then on, for every
 * call, until they get others.
 */
const MARGIN_MS = 15 * 60_000;

/** Where users keep what can be had again: XDG_CACHE_HOME, else the place that their system has for it. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  return join(userCaches(env, platform), 'orgkeeper', 'credentials');
}

function userCaches({ XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local }: NodeJS.ProcessEnv, platform: string) {
  if (isAbsolute(xdg)) return xdg;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (platform === 'win32') return local || join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

/** Credentials kept in files that only the user can read (0600, in a directory 0700), one a key. */
interface CredentialCache {
  /** What was kept under the key and has not (nearly) expired. A file that cannot be shut or read counts as none. */
  get(key: string, now: Date): Promise<TemporaryCredentials | undefined>;
  put(key: string, credentials: TemporaryCredentials): Promise<void>;
  /** Forgets every key that begins so, and what a crash left of it; all of them for ''. Returns how many keys. */
  drop(prefix: string): Promise<number>;
}

/** @param directory made when something is first kept */
export function credentialCache(directory: string): CredentialCache {
  const file = (key: string) => join(directory, `${key}.json`);
  return {
    async get(key, now) {
      // Somebody may have opened it, as a copied or restored home directory does.
      const text = await chmod(file(key), 0o600)
        .then(() => readFile(file(key), 'utf8'))
        .catch(() => '');
      const parsed = TemporaryCredentials.safeParse(parse(text));
      if (!parsed.success) return undefined;
      return Date.parse(parsed.data.Expiration) - MARGIN_MS > now.getTime() ? parsed.data : undefined;
    },
    async put(key, credentials) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      // Whole or not at all, and never readable by others, not even for a moment.
      const temporary = join(directory, `${key}.${randomUUID()}`);
      await writeFile(temporary, JSON.stringify(credentials), { mode: 0o600, flag: 'wx' });
      await rename(temporary, file(key)).catch((error: NodeJS.ErrnoException) => {
        // Somebody who logged out meanwhile wants nothing kept.
        if (error.code !== 'ENOENT') throw error;
      });
    },
    async drop(prefix) {
      const names = await readdir(directory).catch(() => []);
      const kept = names.filter((name) => name.startsWith(prefix));
      await Promise.all(kept.map((name) => rm(join(directory, name), { force: true })));
      return kept.filter((name) => name.endsWith('.json')).length;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
