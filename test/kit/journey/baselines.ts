import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fleet } from './fleet.ts';

const SHIPPED = new URL('../../../infra/baselines/analytics.yaml', import.meta.url);

/** Publishes the shipped baseline, changed, with the command line. @returns what that printed: its name and version */
export async function publishShipped(
  { orgkeeper }: Pick<Fleet, 'orgkeeper'>,
  change: (text: string) => string,
): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'baseline.yaml');
  await writeFile(file, change(await readFile(SHIPPED, 'utf8')));
  const { code, stdout, stderr } = await orgkeeper('baseline', 'publish', file);
  if (code !== 0) throw new Error(`The baseline was not published: ${stderr}`);
  return stdout;
}
