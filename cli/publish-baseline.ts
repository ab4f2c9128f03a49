import { readFile } from 'node:fs/promises';
import { type BaselineDraft, parseBaseline } from '../controllers/kinds/baseline.ts';
import { kinds } from '../controllers/kinds/index.ts';
import type { BaselineDocument } from '../shared/baseline.ts';
import type { Problem } from '../shared/errors.ts';
import { publishBaseline } from '../shared/store/baselines.ts';
import type { Table } from '../shared/store/table.ts';
import { Failure } from './failure.ts';

/** A baseline file that was read and checked. */
export interface BaselineFile {
  readonly text: string;
  readonly baseline: BaselineDraft;
}

/**
 * Publishes a baseline file as the next version of its baseline; the same text again publishes nothing, and gives the
 * version that has it.
 * @throws Failure when it cannot be read or is not valid, naming each problem with its line
 */
export async function publishBaselineFile(
  table: Table,
  file: string,
): Promise<{ baseline: BaselineDocument; published: boolean }> {
  const { text, baseline } = await validFile(file);
  return publishBaseline(table, { ...baseline, text, publishedAt: new Date().toISOString() });
}

/** A file's baseline. @throws Failure when it cannot be read or is not valid */
export async function validFile(file: string): Promise<BaselineFile> {
  const { text, ...checked } = await checkFile(file);
  if ('baseline' in checked) return { text, baseline: checked.baseline };
  const problems = checked.problems.map((problem) => `\n  ${formatProblem(file, problem)}`);
  throw new Failure(`${file} is no valid baseline:${problems.join('')}`);
}

/** Reads and checks a file. @throws Failure when it cannot be read */
export async function checkFile(
  file: string,
): Promise<{ text: string } & ({ baseline: BaselineDraft } | { problems: Problem[] })> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new Failure(`Cannot read ${file}: ${why}.`);
  });
  return { text, ...parseBaseline(text, kinds) };
}

/** `file:line: path: message`, as editors understand it. */
function formatProblem(file: string, { path, message, line }: Problem): string {
  return [line ? `${file}:${line}` : file, path, message].filter(Boolean).join(': ');
}
