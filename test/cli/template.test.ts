import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { config, keep, orgkeeper, record, startWorld, type World } from './support.ts';

const KEPT = '111111111111';
const UNKNOWN = '999999999999';
const S3 = 'https://templates.s3.eu-west-1.amazonaws.com/member.json?X-Amz-Signature=a%2Fb';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 90_000);
afterAll(() => world?.stop());
beforeEach(async () => {
  await world.reset();
  await orgkeeper('baseline', 'publish', 'infra/baselines/analytics.yaml');
});

const member = (...more: string[]) => orgkeeper('template', 'member', ...more);

describe('template member', () => {
  test('prints the template alone on stdout, and on stderr how to deploy it and to register', async () => {
    const { code, stdout, stderr } = await member('--account', UNKNOWN, '--name', "Gene's lab");
    expect(code).toBe(0);
    const { Parameters } = JSON.parse(stdout);
    expect(Parameters.MainAccountId.Default).toBe(config.mainAccountId);
    expect(Parameters.ExternalId.Default).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(stderr).toContain('aws cloudformation deploy');
    expect(stderr).toContain(
      `npx orgkeeper register ${UNKNOWN} --name 'Gene'\\''s lab' --execution-role-arn arn:aws:iam::${UNKNOWN}:role/orgkeeper-execution --external-id ${Parameters.ExternalId.Default}`,
    );
    expect(stderr).not.toContain('quickcreate');
  });

  test('keeps the ExternalId that the account has, unless another is given', async () => {
    await keep(
      world.table,
      record(KEPT, { externalId: 'agreed', baseline: { name: 'analytics', version: 1 } }),
    );
    expect(JSON.parse((await member('--account', KEPT, '--json')).stdout)).toMatchObject({
      externalId: 'agreed',
    });
    const other = await member('--account', KEPT, '--json', '--external-id', 'new-one');
    expect(JSON.parse(other.stdout)).toMatchObject({ externalId: 'new-one' });
  });

  test('writes a file, and links to CloudFormation with a template in S3', async () => {
    const output = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'member.json');
    const { stdout, stderr } = await member('--account', UNKNOWN, '--output', output, '--template-url', S3);
    expect(stdout).toBe('');
    expect(JSON.parse(await readFile(output, 'utf8'))).toHaveProperty('Resources.ExecutionRole');
    const link = /https:\/\/\S+#\/stacks\/quickcreate\?(\S+)/.exec(stderr);
    expect(new URLSearchParams(link?.[1]).get('templateURL')).toBe(S3);
    expect(link?.[0]).toMatch(
      /^https:\/\/eu-west-1\.console\.aws\.amazon\.com\/cloudformation\/home\?region=eu-west-1#/,
    );
  });

  test.each([
    ['no account id', ['--account', '12'], /'12' is no account id/],
    [
      'an ExternalId that STS would refuse',
      ['--account', UNKNOWN, '--external-id', 'a b'],
      /detail\.externalId: an ExternalId is/,
    ],
    [
      'a baseline that there is not',
      ['--account', UNKNOWN, '--baseline', 'other@7'],
      /There is no baseline other@7/,
    ],
    [
      'a template that is not in S3',
      ['--account', UNKNOWN, '--template-url', 'https://example.com/t'],
      /reads templates from S3 only/,
    ],
    [
      'a folder that is not there',
      ['--account', UNKNOWN, '--output', '/nowhere/member.json'],
      /Cannot write \/nowhere\/member\.json/,
    ],
  ])('refuses %s', async (_, args, says) => {
    const { code, stdout, stderr } = await member(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
