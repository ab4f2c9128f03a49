import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { QuickCreate } from '../../cli/commands/template.ts';
import { COMMAND } from '../../cli/terminal.ts';
import { config, keep, orgkeeper, putConfig, record, useWorld } from './support.ts';

const KEPT = '111111111111';
const UNKNOWN = '999999999999';

const world = useWorld();
beforeEach(async () => {
  await orgkeeper('baseline', 'publish', 'infra/baselines/analytics.yaml');
});

const member = (...more: string[]) => orgkeeper('template', 'member', ...more);

describe('template member', () => {
  test('prints only the template on stdout, and on stderr how to deploy it and to register', async () => {
    const { code, stdout, stderr } = await member('--account', UNKNOWN, '--name', "Gene's lab");
    expect(code).toBe(0);
    const { Parameters } = JSON.parse(stdout);
    expect(Parameters.MainAccountId.Default).toBe(config.mainAccountId);
    expect(Parameters.ExternalId.Default).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(stderr).toContain('aws cloudformation deploy');
    expect(stderr).toContain(
      `${COMMAND} register ${UNKNOWN} --name 'Gene'\\''s lab' --execution-role-arn arn:aws:iam::${UNKNOWN}:role/orgkeeper-execution --external-id ${Parameters.ExternalId.Default} --baseline analytics@1`,
    );
  });

  test('has the ExternalId of the account, unless another is given', async () => {
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

  test('links to the home region of an account with several', async () => {
    await keep(world.table, record(KEPT, { regions: ['eu-central-1', 'us-east-1'] }));
    const { stderr } = await member('--account', KEPT, '--baseline', 'analytics');
    expect(stderr).toContain('aws cloudformation deploy --region eu-central-1 ');
    expect(stderr).toContain(
      'https://eu-central-1.console.aws.amazon.com/cloudformation/home?region=eu-central-1#',
    );
  });

  test('writes a file, and links to CloudFormation with the same template', async () => {
    const output = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'member.json');
    const { stdout, stderr } = await member('--account', UNKNOWN, '--output', output);
    expect(stdout).toBe('');
    const text = await readFile(output, 'utf8');
    expect(JSON.parse(text)).toHaveProperty('Resources.ExecutionRole');
    const [link = '', query] = /https:\/\/\S+#\/stacks\/quickcreate\?(\S+)/.exec(stderr) ?? [];
    expect(link).toMatch(
      /^https:\/\/eu-west-1\.console\.aws\.amazon\.com\/cloudformation\/home\?region=eu-west-1#/,
    );
    const filled = new URLSearchParams(query);
    expect(filled.get('stackName')).toBe('orgkeeper-member');
    const templateUrl = new URL(filled.get('templateURL') ?? '');
    expect(`${await (await fetch(templateUrl)).text()}\n`).toBe(text);
    expect(templateUrl.searchParams.get('X-Amz-Expires')).toBe('604800');
    expect(templateUrl.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('says when the link expires: in a week, or with the session that signed it', async () => {
    const linked = async () =>
      JSON.parse((await member('--account', UNKNOWN, '--json')).stdout).quickCreate as QuickCreate;
    const week = Date.now() + 7 * 24 * 60 * 60 * 1000;
    expect(Math.abs(Date.parse((await linked()).expiresAt) - week)).toBeLessThan(60_000);
    const hour = new Date(Date.now() + 60 * 60 * 1000).toISOString();
    process.env.AWS_CREDENTIAL_EXPIRATION = hour;
    try {
      expect((await linked()).expiresAt).toBe(hour);
    } finally {
      delete process.env.AWS_CREDENTIAL_EXPIRATION;
    }
  });

  test('prints the template even without the bucket, and says why there is no link', async () => {
    const templatesBucket = 'not-there';
    await putConfig({ ...config, templatesBucket });
    try {
      const { code, stdout, stderr } = await member('--account', UNKNOWN);
      expect({ code, template: JSON.parse(stdout) }).toMatchObject({ code: 1, template: { Parameters: {} } });
      expect(stderr).toMatch(
        /cannot be put into the bucket not-there for the owner \(NoSuchBucket\): the caller needs s3:PutObject and s3:GetObject on arn:aws:s3:::not-there\/member\/\*/,
      );
    } finally {
      await putConfig(config);
    }
  });

  test.each([
    ['no account id', ['--account', '12'], /'12' is not an account id/],
    [
      'an ExternalId that STS would refuse',
      ['--account', UNKNOWN, '--external-id', 'a b'],
      /detail\.externalId: an ExternalId is/,
    ],
    [
      'a baseline that there is not',
      ['--account', UNKNOWN, '--baseline', 'other@7'],
      /There is no baseline other:/,
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
