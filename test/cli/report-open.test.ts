import { S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { captured } from '../kit/captured.ts';
import { useMainInMemory } from '../kit/cli-in-memory.ts';
import { aConfig } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const fake = fakeMain();
await useMainInMemory(() => fake);
let keys: string[];
let expiration: Date | undefined;
const HOUR_MS = 3_600_000;

jest.unstable_mockModule('../../shared/aws/review-bucket.ts', () => ({
  reviewBucket: () => {
    const credentials = async () => ({
      ...{ accessKeyId: 'key', secretAccessKey: 'secret' },
      ...(expiration && { expiration }),
    });
    const s3 = new S3Client({ region: 'eu-west-1', credentials });
    // Signing is left to the SDK: only the list is answered here.
    s3.middlewareStack.add(
      (next, { commandName }) =>
        async (call) => {
          if (commandName !== 'ListObjectsV2Command') return next(call);
          const { Prefix = '' } = call.input as { Prefix?: string };
          const Contents = keys.filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key }));
          return { response: {}, output: { $metadata: {}, Contents } };
        },
      { step: 'initialize', priority: 'high' },
    );
    return { s3, name: 'pages', owner: aConfig().mainAccountId };
  },
}));
const { run } = await import('../../cli/program.ts');
const open = (...options: string[]) => captured(() => run(['report', 'open', ...options]));

beforeEach(() => {
  keys = ['reports/2026-11-19.html', 'reports/2026-11-20.html', 'reports/own.html', '456789012345/x.json'];
  expiration = undefined;
});

describe('report open', () => {
  it('prints a link to the page of the last night, which is signed for an hour', async () => {
    const { stdout, stderr } = await open();
    const url = new URL(stdout.trim());
    expect(url.pathname).toMatch(/reports\/2026-11-20\.html$/);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('3600');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(stderr).toMatch(/^The page of 2026-11-20\. The link works until .*, for whoever has it\.\n$/);
  });

  it('links to the page of a day, and says until when: an hour, or the end of the credentials', async () => {
    const { date, expiresAt } = JSON.parse((await open('--date', '2026-11-19', '--json')).stdout);
    expect(date).toBe('2026-11-19');
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - HOUR_MS)).toBeLessThan(60_000);
    expiration = new Date(Date.now() + HOUR_MS / 4);
    expect(JSON.parse((await open('--json')).stdout).expiresAt).toBe(expiration.toISOString());
  });

  it('says that there is none of this day, and which there are', async () => {
    expect(await open('--date', '2026-11-01')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'orgkeeper: There is no page of 2026-11-01: there are 2, from 2026-11-19 to 2026-11-20.\n',
    });
  });

  it('says that there is none yet, and how to make one', async () => {
    keys = ['reports/own.html'];
    const { code, stderr } = await open();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^orgkeeper: There is no page yet: .* `orgkeeper report --output report\.html` /);
  });
});
