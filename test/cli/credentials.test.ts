import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { answeringEvery, awsError, on } from '../kit/sdk.ts';
import { keep, leave, orgkeeper, record, status, useWorld } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const API = 'arn:aws:iam::123456789012:role/orgkeeper-ApiHandlerRole';
const roleOf = (account: string) => `arn:aws:iam::${account}:role/orgkeeper-analysis`;

const world = useWorld();
let directory: string;
/** Roles that were assumed, in order, with the ExternalId; and whom STS refuses. */
let assumed: (readonly [string | undefined, string | undefined])[];
let refuses: string | undefined;

beforeEach(async () => {
  assumed = [];
  refuses = undefined;
  const caches = await mkdtemp(join(tmpdir(), 'orgkeeper-'));
  process.env.XDG_CACHE_HOME = caches;
  directory = join(caches, 'orgkeeper', 'credentials');
  const assume = on(AssumeRoleCommand, ({ RoleArn, ExternalId }) => {
    if (RoleArn === refuses) throw awsError('AccessDenied', 'no');
    assumed.push([RoleArn, ExternalId]);
    const n = assumed.length;
    return {
      Credentials: {
        AccessKeyId: `ASIA${n}`,
        SecretAccessKey: 'secret',
        SessionToken: 'token',
        Expiration: new Date(Date.now() + 3_600_000),
      },
    };
  });
  answeringEvery(STSClient, [assume]);
  for (const account of [A, B]) {
    await keep(world.table, record(account));
    await leave(world.table, status(account));
  }
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(join(directory, '..', '..'), { recursive: true, force: true });
  delete process.env.XDG_CACHE_HOME;
});

const keyOf = async (account: string) => {
  const { stdout } = await orgkeeper('credentials', account, '--format', 'json');
  return JSON.parse(stdout).AccessKeyId;
};

describe('credentials ID', () => {
  test('assumes the API role, then the execution role with the ExternalId, once', async () => {
    expect(await keyOf(A)).toBe('ASIA2');
    expect(await keyOf(A)).toBe('ASIA2');
    expect(assumed).toEqual([
      [API, undefined],
      [roleOf(A), 'abcdefghijklmnopqrstuvwxyz012345'],
    ]);
  });

  test('are never those of a role of another account, whatever the table says', async () => {
    await leave(world.table, status(A, { version: 2, outputs: { 'role.arn': roleOf(B) } }));
    const { code, stdout, stderr } = await orgkeeper('credentials', A);
    expect({ code, stdout, assumed }).toEqual({ code: 1, stdout: '', assumed: [] });
    expect(stderr).toBe(
      `orgkeeper: The execution role ${roleOf(B)} is not in account ${A}. Register the account again with a role of its own.\n`,
    );
  });

  test('as process is what credential_process accepts, and nothing else is on stdout', async () => {
    const { stdout, stderr } = await orgkeeper('credentials', A, '--format', 'process');
    expect(JSON.parse(stdout)).toEqual({
      Version: 1,
      AccessKeyId: 'ASIA2',
      SecretAccessKey: 'secret',
      SessionToken: 'token',
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(stderr).toBe('');
  });

  test('requests new credentials when the role was verified again, and drops the cached ones', async () => {
    const first = await keyOf(A);
    const admitted = { roleArn: roleOf(A), externalId: 'x', at: '2026-02-02T00:00:00.000Z' };
    await leave(world.table, status(A, { admitted }));
    const second = await keyOf(A);
    expect(second).not.toBe(first);
    expect(await readdir(directory)).toHaveLength(1);
  });

  test('drops the cached credentials of an account whose role refuses', async () => {
    await keyOf(A);
    await keyOf(B);
    await leave(world.table, status(A, { admitted: { roleArn: roleOf(A), externalId: 'x', at: 'later' } }));
    refuses = roleOf(A);
    const { code, stdout, stderr } = await orgkeeper('credentials', A);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /The API role cannot assume arn:.*orgkeeper-analysis with the account's ExternalId/,
    );
    expect((await readdir(directory)).map((name) => name.split('-')[0])).toEqual([B]);
  });

  test('drops the cached credentials when the user may no longer use the API role', async () => {
    await keyOf(A);
    await leave(world.table, status(A, { admitted: { roleArn: roleOf(A), externalId: 'x', at: 'later' } }));
    refuses = API;
    const { code, stderr } = await orgkeeper('credentials', A);
    expect(code).toBe(1);
    expect(stderr).toMatch(/name the caller in context `operators`/);
    expect(await readdir(directory)).toEqual([]);
  });

  test('drops the cached credentials of an account that is no longer managed', async () => {
    await keyOf(A);
    await world.reset();
    await keep(world.table, record(A, { lifecycle: 'retired' }));
    await leave(world.table, status(A));
    const { code, stderr } = await orgkeeper('credentials', A);
    expect(code).toBe(1);
    expect(stderr).toMatch(/has no execution role to assume/);
    expect(await readdir(directory)).toEqual([]);
  });

  test('are printed even if they cannot be cached, with a warning', async () => {
    const file = join(directory, '..', '..', 'a-file');
    await writeFile(file, '');
    process.env.XDG_CACHE_HOME = file;
    const { code, stdout, stderr } = await orgkeeper('credentials', A, '--format', 'json');
    expect({ code, key: JSON.parse(stdout).AccessKeyId }).toEqual({ code: 0, key: 'ASIA2' });
    expect(stderr).toMatch(/^The credentials cannot be cached: ENOTDIR/);
  });

  test.each([
    [[A], [B]],
    [[], []],
  ])('--logout %j leaves %j', async (named, left) => {
    await keyOf(A);
    await keyOf(B);
    const { code } = await orgkeeper('credentials', ...named, '--logout');
    expect(code).toBe(0);
    expect((await readdir(directory)).map((name) => name.split('-')[0])).toEqual(left);
  });

  test('--logout refuses an invalid account id', async () => {
    const { code, stderr } = await orgkeeper('credentials', '12', '--logout');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "orgkeeper: '12' is not an account id: an account id has exactly 12 digits.\n",
    });
  });
});

describe('credentials ID --role NAME', () => {
  const keyOfRole = async (name: string, account = A) => {
    const { stdout } = await orgkeeper('credentials', account, '--role', name, '--format', 'json');
    return JSON.parse(stdout).AccessKeyId;
  };

  test('assumes the role with the credentials of the caller, once, and calls nothing in Main', async () => {
    await world.reset();
    expect(await keyOfRole('data/reader')).toBe('ASIA1');
    expect(await keyOfRole('data/reader')).toBe('ASIA1');
    expect(assumed).toEqual([[`arn:aws:iam::${A}:role/data/reader`, undefined]]);
  });

  test('caches those of each role, beside those of the execution role', async () => {
    const first = [await keyOfRole('reader'), await keyOfRole('writer'), await keyOf(A)];
    expect([await keyOfRole('reader'), await keyOfRole('writer'), await keyOf(A)]).toEqual(first);
    expect(new Set(first).size).toBe(3);
    await orgkeeper('credentials', '--logout', A);
    expect(await readdir(directory)).toEqual([]);
  });

  test('caches nothing for another caller', async () => {
    const first = await keyOfRole('reader');
    process.env.AWS_ACCESS_KEY_ID = 'AKIAANOTHER';
    expect(await keyOfRole('reader')).not.toBe(first);
  });

  test('says who refuses, and what both accounts must allow', async () => {
    refuses = `arn:aws:iam::${A}:role/reader`;
    const { code, stdout, stderr } = await orgkeeper('credentials', A, '--role', 'reader');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Your credentials cannot assume arn:.*reader: .* the role must trust you/);
    expect(await readdir(directory).catch(() => [])).toEqual([]);
  });

  test('refuses a text that is not the name of a role', async () => {
    const { code, stderr } = await orgkeeper('credentials', A, '--role', 'arn:aws:iam::1:role/x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/is not the name of a role/);
    expect(assumed).toEqual([]);
  });
});
