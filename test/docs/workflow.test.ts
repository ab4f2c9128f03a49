import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { blocksOf, page } from './pages.ts';

interface Step {
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
}
const [block] = blocksOf(page('docs/pull-requests.md'), 'yaml');
const workflow = parse(block?.text ?? '') as { jobs: { baseline: { steps: Step[] } } };

/** Runs the script of a step as GitHub does, where the command line and `gh` only write down how they were called. */
function runStep(name: string, orgkeeper: { readonly prints: string; readonly code: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-'));
  const script = (file: string, text: string) => {
    writeFileSync(join(folder, file), `#!/bin/sh\necho "${file} $*" >> calls\n${text}\n`);
    chmodSync(join(folder, file), 0o755);
  };
  writeFileSync(join(folder, 'calls'), '');
  script('orgkeeper', `printf '${orgkeeper.prints}'; exit ${orgkeeper.code}`);
  script('gh', '');
  const step = workflow.jobs.baseline.steps.find((one) => one.name === name);
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    ORGKEEPER: 'orgkeeper',
    PULL_REQUEST: 'https://example.org/1',
  };
  const { status } = spawnSync('bash', ['-e', '-c', step?.run ?? 'exit 99'], { cwd: folder, env });
  return { status, calls: readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n') };
}

const PLAN = 'orgkeeper plan --baseline analytics --file baselines/analytics.yaml --format md';
const COMMENT = 'gh pr comment https://example.org/1 --edit-last --create-if-none --body-file plan.md';

describe('the workflow on docs/pull-requests.md', () => {
  it.each([
    ['comments a plan with differences, and succeeds', { prints: '### 1', code: 2 }, 0, [PLAN, COMMENT]],
    ['comments a plan without differences', { prints: '### 0', code: 0 }, 0, [PLAN, COMMENT]],
    [
      'comments what there is of a plan that is not complete, and fails',
      { prints: '### 1', code: 1 },
      1,
      [PLAN, COMMENT],
    ],
    ['comments nothing without a plan, and fails', { prints: '', code: 1 }, 1, [PLAN]],
  ])('%s', (_, orgkeeper, status, calls) => {
    expect(runStep('Plan', orgkeeper)).toEqual({ status, calls });
  });

  it('validates before anything else, and publishes only merged baselines', () => {
    const named = workflow.jobs.baseline.steps.flatMap(({ name = '' }) =>
      ['Validate', 'Plan', 'Publish'].includes(name) ? [name] : [],
    );
    expect(named).toEqual(['Validate', 'Plan', 'Publish']);
    expect(runStep('Validate', { prints: '', code: 1 })).toMatchObject({ status: 1 });
    expect(runStep('Publish', { prints: 'analytics@4', code: 0 })).toEqual({
      status: 0,
      calls: ['orgkeeper baseline publish baselines/analytics.yaml'],
    });
    expect(workflow.jobs.baseline.steps.find(({ name }) => name === 'Publish')?.if).toContain("== 'push'");
  });
});
