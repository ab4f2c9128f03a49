import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publishBaseline } from '../../shared/store/baselines.ts';
import { keep, orgkeeper, record, startWorld, type World } from './support.ts';

const ID = '111111111111';
const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-rules-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const rules = file(
  'rules.yaml',
  'description: ours\nrules:\n  - name: gen*\n    baseline: research\ndefault: analytics\n',
);

let world: World;
beforeAll(async () => {
  world = await startWorld();
  for (const name of ['analytics', 'research']) {
    const publishedAt = '2026-01-01T00:00:00.000Z';
    await publishBaseline(world.table, { name, description: '', sections: {}, text: name, publishedAt });
  }
  await keep(world.table, record(ID, { baselineBy: 'rules' }));
});
afterAll(() => world?.stop());

describe('rules', () => {
  test('do not exist before any is published', async () => {
    expect(await orgkeeper('rules', 'list', '--json')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect((await orgkeeper('rules', 'list')).stderr).toContain('every account gets analytics');
    const { stdout } = await orgkeeper('rules', 'explain', ID, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ baseline: 'analytics', rule: 'default' });
  });

  test('are checked without a deployment, each problem with its line', async () => {
    const bad = file('bad.yaml', 'default: web\nrules:\n  - nam: a\n    baseline: web\n');
    const { code, stderr } = await orgkeeper('rules', 'validate', bad);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('bad.yaml:3: rules[0].nam: unknown key'),
    });
    const { stdout } = await orgkeeper('rules', 'validate', bad, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ valid: false });
    expect(await orgkeeper('rules', 'validate', rules)).toMatchObject({ code: 0 });
    expect(await orgkeeper('rules', 'validate', join(folder, 'none.yaml'))).toMatchObject({ code: 1 });
  });

  test('that name a baseline that was never published are not published', async () => {
    const unknown = file(
      'unknown.yaml',
      'rules:\n  - name: a\n    baseline: research@9\ndefault: analytics\n',
    );
    const { code, stderr } = await orgkeeper('rules', 'publish', unknown);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('rules[0].baseline: baseline research@9'),
    });
  });

  test('are published as versions, the same text once, and explained', async () => {
    expect(await orgkeeper('rules', 'publish', rules)).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await orgkeeper('rules', 'publish', rules)).toMatchObject({ code: 0, stdout: '1\n' });
    const listed = JSON.parse((await orgkeeper('rules', 'list', '--json')).stdout);
    expect(listed).toMatchObject([{ version: 1, description: 'ours', default: 'analytics' }]);
    const { stdout } = await orgkeeper('rules', 'explain', ID, '--json');
    expect(JSON.parse(stdout)).toEqual({
      accountId: ID,
      baseline: 'research',
      rule: 1,
      why: "Rule 1: its name 'genomics' matches gen*.",
      considered: [{ rule: 1, fits: true, why: "its name 'genomics' matches gen*" }],
      facts: { name: 'genomics', tags: {} },
      has: { baseline: { name: 'analytics', version: 3 }, by: 'rules' },
    });
    const other = file('other.yaml', 'default: analytics\n');
    const tried = JSON.parse((await orgkeeper('rules', 'explain', ID, '--file', other, '--json')).stdout);
    expect(tried).toMatchObject({ baseline: 'analytics', rule: 'default' });
    expect((await orgkeeper('rules', 'explain', ID)).stderr).toContain('The rules choose research.');
  });
});
