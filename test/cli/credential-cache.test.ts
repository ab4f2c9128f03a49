import { chmod, mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cacheDirectory, credentialCache } from '../../cli/credential-cache.ts';

const now = new Date('2026-11-20T10:00:00.000Z');
const given = (minutes: number) => ({
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret',
  SessionToken: 'token',
  Expiration: new Date(now.getTime() + minutes * 60_000).toISOString(),
});

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'credentials');
});

describe('the cache of credentials', () => {
  test('returns cached credentials', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    expect(await cache.get('111-a', now)).toEqual(given(60));
    expect(await cache.get('111-b', now)).toBeUndefined();
  });

  test('returns none in the last fifteen minutes, when the tools of AWS refresh theirs', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(15));
    expect(await cache.get('111-a', now)).toBeUndefined();
    await cache.put('111-a', given(16));
    expect(await cache.get('111-a', now)).toBeDefined();
  });

  test('writes files that nobody else can read, and no others', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    expect(await readdir(directory)).toEqual(['111-a.json']);
    expect((await stat(join(directory, '111-a.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('closes a directory that others could read', async () => {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await credentialCache(directory).put('111-a', given(60));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('closes a file that others could read before it is used', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    await chmod(join(directory, '111-a.json'), 0o644);
    expect(await cache.get('111-a', now)).toEqual(given(60));
    expect((await stat(join(directory, '111-a.json'))).mode & 0o777).toBe(0o600);
  });

  test('is consistent with concurrent writers, and leaves no other file', async () => {
    const cache = credentialCache(directory);
    const writers = Array.from({ length: 20 }, (_, n) => cache.put('111-a', given(30 + n)));
    const readers = Array.from({ length: 20 }, async () => await cache.get('111-a', now));
    await Promise.all(writers);
    for (const found of await Promise.all(readers)) {
      if (found) expect(found).toMatchObject({ AccessKeyId: 'ASIAEXAMPLE', SessionToken: 'token' });
    }
    expect(await cache.get('111-a', now)).toBeDefined();
    expect(await readdir(directory)).toEqual(['111-a.json']);
  });

  test('deletes what a crash left, also during a write', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    await writeFile(join(directory, '111-a.0123'), '{}');
    expect(await cache.drop('111-')).toBe(1);
    expect(await readdir(directory)).toEqual([]);
    await Promise.all([...Array(20)].flatMap(() => [cache.put('111-a', given(60)), cache.drop('111-')]));
  });

  test('deletes the credentials of one account, or of all', async () => {
    const cache = credentialCache(directory);
    for (const key of ['111-a', '111-b', '222-a']) await cache.put(key, given(60));
    expect(await cache.drop('111-')).toBe(2);
    expect(await cache.get('222-a', now)).toBeDefined();
    expect(await cache.drop('')).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  test('ignores a broken file', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    await writeFile(join(directory, '111-a.json'), '{"AccessKeyId":');
    expect(await cache.get('111-a', now)).toBeUndefined();
  });

  test('deletes nothing if nothing is cached', async () => {
    expect(await credentialCache(directory).drop('')).toBe(0);
  });

  test("is in the user's cache directory", () => {
    const home = (...parts: string[]) => join(homedir(), ...parts, 'orgkeeper', 'credentials');
    expect(cacheDirectory('credentials', { XDG_CACHE_HOME: '/cache' }, 'darwin')).toBe(
      '/cache/orgkeeper/credentials',
    );
    expect(cacheDirectory('credentials', { XDG_CACHE_HOME: 'not/absolute' }, 'linux')).toBe(home('.cache'));
    expect(cacheDirectory('credentials', {}, 'linux')).toBe(home('.cache'));
    expect(cacheDirectory('credentials', {}, 'darwin')).toBe(home('Library', 'Caches'));
    expect(cacheDirectory('credentials', { LOCALAPPDATA: '/local' }, 'win32')).toBe(
      '/local/orgkeeper/credentials',
    );
    expect(cacheDirectory('credentials', {}, 'win32')).toBe(home('AppData', 'Local'));
  });
});
