import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { check } from '../shared/domain/plain-words.ts';

/** Temporary credentials, with the field names of AWS's tools. */
export const TemporaryCredentials = z.strictObject({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  /** ISO 8601. */
  Expiration: z.iso.datetime(),
});
export type TemporaryCredentials = z.infer<typeof TemporaryCredentials>;

/**
 * Credentials this close to their expiry count as expired: from then on, AWS's tools call a credential_process for every request
 * until they get new ones.
 */
const MARGIN_MS = 15 * 60_000;

/** A folder of the user's cache directory: XDG_CACHE_HOME, else that of the operating system. */
export function cacheDirectory(
  of: 'credentials' | 'plans',
  env: NodeJS.ProcessEnv = process.env,
  platform = process.platform,
): string {
  return join(userCaches(env, platform), 'orgkeeper', of);
}

function userCaches({ XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local }: NodeJS.ProcessEnv, platform: string) {
  if (isAbsolute(xdg)) return xdg;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (platform === 'win32') return local || join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

/** Credentials in files that only the user can read (0600, in a directory 0700), one for each key. */
interface CredentialCache {
  /** The cached credentials, unless they have (nearly) expired. A file that cannot be read or made private counts as absent. */
  get(key: string, now: Date): Promise<TemporaryCredentials | undefined>;
  put(key: string, credentials: TemporaryCredentials): Promise<void>;
  /** Deletes every key with the prefix, and temporary files that a crash left; all keys for ''. Returns the number of keys. */
  drop(prefix: string): Promise<number>;
}

/** @param directory created when credentials are first saved */
export function credentialCache(directory: string): CredentialCache {
  const file = (key: string) => join(directory, `${key}.json`);
  return {
    async get(key, now) {
      // A copied or restored home directory may have made the file readable for others.
      const text = await chmod(file(key), 0o600)
        .then(() => readFile(file(key), 'utf8'))
        .catch(() => '');
      const parsed = check(TemporaryCredentials, parse(text));
      if (!parsed.success) return undefined;
      return Date.parse(parsed.data.Expiration) - MARGIN_MS > now.getTime() ? parsed.data : undefined;
    },
    async put(key, credentials) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      // Written under a temporary name and renamed: never incomplete, and never readable by others.
      const temporary = join(directory, `${key}.${randomUUID()}`);
      await writeFile(temporary, JSON.stringify(credentials), { mode: 0o600, flag: 'wx' });
      await rename(temporary, file(key)).catch((error: NodeJS.ErrnoException) => {
        // A concurrent `--logout` has deleted the file: then nothing is to be cached.
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
