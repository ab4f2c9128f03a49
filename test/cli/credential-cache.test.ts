import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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
  test('gives what was kept', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    expect(await cache.get('111-a', now)).toEqual(given(60));
    expect(await cache.get('111-b', now)).toBeUndefined();
  });

  test('gives nothing in the last five minutes', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(5));
    expect(await cache.get('111-a', now)).toBeUndefined();
    await cache.put('111-a', given(6));
    expect(await cache.get('111-a', now)).toBeDefined();
  });

  test('keeps files that nobody else can read, and leaves no other', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    expect(await readdir(directory)).toEqual(['111-a.json']);
    expect((await stat(join(directory, '111-a.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('forgets one account, or all', async () => {
    const cache = credentialCache(directory);
    for (const key of ['111-a', '111-b', '222-a']) await cache.put(key, given(60));
    expect(await cache.drop('111-')).toBe(2);
    expect(await cache.get('222-a', now)).toBeDefined();
    expect(await cache.drop('')).toBe(1);
    expect(await readdir(directory)).toEqual([]);
  });

  test('counts a broken file as none', async () => {
    const cache = credentialCache(directory);
    await cache.put('111-a', given(60));
    await writeFile(join(directory, '111-a.json'), '{"AccessKeyId":');
    expect(await cache.get('111-a', now)).toBeUndefined();
  });

  test('has nothing to forget where nothing was kept', async () => {
    expect(await credentialCache(directory).drop('')).toBe(0);
  });

  test("is in the user's cache directory", () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/cache' })).toBe('/cache/orgkeeper/credentials');
    expect(cacheDirectory({})).toMatch(/\/\.cache\/orgkeeper\/credentials$/);
  });
});
