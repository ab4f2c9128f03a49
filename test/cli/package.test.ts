import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildPackage } from '../../cli/package/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-package-'));
const elsewhere = join(folder, 'empty');
const MOST_BYTES = 1_500_000;
let tarball: string;

/** The installed command line, on the Node that is first on the PATH: that of the user. */
function orgkeeper(...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(join(elsewhere, 'node_modules', '.bin', 'orgkeeper'), argv, {
    cwd: elsewhere,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: elsewhere, AWS_EC2_METADATA_DISABLED: 'true' },
      ...{ AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_MAX_ATTEMPTS: '1' },
    },
  });
  return { status, stdout, stderr };
}

function npm(cwd: string, ...argv: string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', argv, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${argv.join(' ')}: ${stderr}`);
  return stdout.trim();
}

beforeAll(async () => {
  await buildPackage(join(folder, 'package'));
  tarball = join(folder, npm(folder, 'pack', '--silent', './package'));
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'package.json'), '{ "private": true }\n');
  npm(elsewhere, 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball);
}, 120_000);

describe('the package of the command line', () => {
  it('is small, has nothing to install, and no scripts', () => {
    expect(statSync(tarball).size).toBeLessThan(MOST_BYTES);
    const { dependencies, bundleDependencies, scripts, engines } = JSON.parse(
      readFileSync(join(folder, 'package', 'package.json'), 'utf8'),
    );
    expect(bundleDependencies).toEqual(Object.keys(dependencies));
    expect(scripts).toBeUndefined();
    expect(engines).toEqual({ node: '>=20' });
  });

  it('holds neither the local runtime nor the CDK', () => {
    const files = readdirSync(join(folder, 'package')).filter((file) => file.endsWith('.mjs'));
    const all = files.map((file) => readFileSync(join(folder, 'package', file), 'utf8')).join('\n');
    expect(files.length).toBeGreaterThan(20);
    expect(['moto_server', 'aws-cdk-lib'].filter((word) => all.includes(word))).toEqual([]);
    expect(orgkeeper('local', 'start')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^orgkeeper: The package has no local runtime: check out the repository/),
    });
  });

  it('brings the page of reports beside the code that reads it', () => {
    const files = readdirSync(join(folder, 'package'));
    expect(files).toEqual(expect.arrayContaining(['page.css', 'page.eta', 'page.js']));
    const reading = files.filter(
      (file) =>
        file.endsWith('.mjs') && readFileSync(join(folder, 'package', file), 'utf8').includes('page.eta'),
    );
    expect(reading).toHaveLength(1);
  });

  it('runs in an empty directory, on the Node of the user', () => {
    const { version } = JSON.parse(readFileSync(join(folder, 'package', 'package.json'), 'utf8'));
    expect(orgkeeper('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(orgkeeper('--help').stdout).toMatch(/^Usage: orgkeeper /);
    expect(orgkeeper('baseline', '--help').stdout).toContain('validate');
  });

  it('validates the baselines that it brings, and knows what AWS does not', () => {
    const baselines = join(elsewhere, 'node_modules', '@orgkeeper', 'cli', 'baselines');
    expect(orgkeeper('baseline', 'validate', join(baselines, 'analytics.yaml'))).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('is a valid baseline: analytics with'),
    });
    const wrong = readFileSync(join(baselines, 'analytics.yaml'), 'utf8').replace(
      'iam:TagRole',
      'iam:TagRoll',
    );
    writeFileSync(join(elsewhere, 'wrong.yaml'), wrong);
    expect(orgkeeper('baseline', 'validate', 'wrong.yaml').stderr).toMatch(/iam:TagRoll/);
  });

  it('asks for a region as a checkout does, and prints its own path for what is to be pasted', () => {
    expect(orgkeeper('accounts')).toMatchObject({
      status: 1,
      stderr: 'orgkeeper: No region is set: set AWS_REGION to the region of the main stack.\n',
    });
    const { stderr } = orgkeeper('accounts', '--region', 'eu-west-1', '--profile', 'nobody');
    expect(stderr).toMatch(/nobody/);
  });
});
