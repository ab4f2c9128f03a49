import { checkText, type KnownConfig, publishText } from '../controllers/fleet/publish-baseline.ts';
import type { BaselineDraft } from '../controllers/kinds/baseline.ts';
import type { Table } from '../shared/aws/main-clients.ts';
import type { BaselineDocument } from '../shared/domain/baseline.ts';
import type { Problem } from '../shared/domain/errors.ts';
import { Failure } from './failure.ts';
import { readText } from './read-text.ts';

/** A baseline file, read and checked. */
interface BaselineFile {
  readonly text: string;
  readonly baseline: BaselineDraft;
}

/**
 * Publishes a baseline file, as `publishText` does.
 * @throws Failure if the file cannot be read or is not valid (with each problem and its line), or if its address pool contradicts
 * the pools in use
 */
export async function publishBaselineFile(
  deployment: { readonly table: Table; readonly config: KnownConfig },
  file: string,
): Promise<{ baseline: BaselineDocument; published: boolean }> {
  const outcome = await publishText(deployment, await readText(file), new Date());
  if ('problems' in outcome) throw notValid(file, outcome.problems);
  if ('refused' in outcome) throw new Failure(`${file} cannot be published: ${outcome.refused}`);
  return outcome;
}

/** The baseline in a file. @throws Failure if it cannot be read or is not valid (for the deployment of `config`, if given) */
export async function validFile(file: string, config?: KnownConfig): Promise<BaselineFile> {
  const { text, ...checked } = await checkFile(file, config);
  if ('baseline' in checked) return { text, baseline: checked.baseline };
  throw notValid(file, checked.problems);
}

/** Reads and checks a file. @throws Failure if it cannot be read */
export async function checkFile(
  file: string,
  config?: KnownConfig,
): Promise<{ text: string } & ReturnType<typeof checkText>> {
  const text = await readText(file);
  return { text, ...checkText(text, config) };
}

/** All that is wrong with a file, each problem with its line. */
export function notValid(file: string, problems: readonly Problem[]): Failure {
  const lines = problems.map((problem) => formatProblem(file, problem));
  return new Failure({ sentence: `${file} is not a valid baseline:`, lines });
}

/** `file:line: path: message`, as editors understand it. */
export function formatProblem(file: string, { path, message, line }: Problem): string {
  return [line ? `${file}:${line}` : file, path, message].filter(Boolean).join(': ');
}
