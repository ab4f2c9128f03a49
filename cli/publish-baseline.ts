import { type BaselineDraft, parseBaseline } from '../controllers/kinds/baseline.ts';
import { kinds } from '../controllers/kinds/index.ts';
import type { Table } from '../shared/aws/main-clients.ts';
import type { Config } from '../shared/deployment/config.ts';
import { withPool } from '../shared/domain/address-pool.ts';
import type { BaselineDocument } from '../shared/domain/baseline.ts';
import type { Problem } from '../shared/domain/errors.ts';
import { addressBook } from '../shared/store/addresses.ts';
import { publishBaseline } from '../shared/store/baselines.ts';
import { Failure } from './failure.ts';
import { readText } from './read-text.ts';

/** A baseline file that was read and checked. */
export interface BaselineFile {
  readonly text: string;
  readonly baseline: BaselineDraft;
}

/** What a baseline must fit of a deployment. */
type KnownConfig = Pick<Config, 'executionRolePattern'> & Partial<Pick<Config, 'rolePolicyQuotas'>>;

/**
 * Publishes a baseline file as the next version of its baseline; the same text again publishes nothing, and gives the
 * version that has it.
 * @throws Failure when it cannot be read or is not valid, naming each problem with its line, or when its pool of addresses
 * contradicts those in use
 */
export async function publishBaselineFile(
  { table, config }: { readonly table: Table; readonly config: KnownConfig },
  file: string,
): Promise<{ baseline: BaselineDocument; published: boolean }> {
  const { text, baseline } = await validFile(file, config);
  await agreeOnPools(table, file, baseline);
  return publishBaseline(table, { ...baseline, text, publishedAt: new Date().toISOString() });
}

/** @throws Failure when the baseline names a pool of addresses that contradicts those in use */
async function agreeOnPools(table: Table, file: string, { sections }: BaselineDraft): Promise<void> {
  const pools = kinds.flatMap((kind) => {
    const section = kind.section.safeParse(sections[kind.name]);
    return section.success ? (kind.pool?.of(section.data) ?? []) : [];
  });
  if (pools.length === 0) return;
  const known = (await addressBook(table).pools()).pools;
  for (const pool of pools) {
    const agreed = withPool(known, pool);
    if ('message' in agreed) throw new Failure(`${file} cannot be published: ${agreed.message}`);
  }
}

/** A file's baseline. @throws Failure when it cannot be read or is not valid, for that deployment where one is given */
export async function validFile(file: string, config?: KnownConfig): Promise<BaselineFile> {
  const { text, ...checked } = await checkFile(file, config);
  if ('baseline' in checked) return { text, baseline: checked.baseline };
  const problems = checked.problems.map((problem) => `\n  ${formatProblem(file, problem)}`);
  throw new Failure(`${file} is no valid baseline:${problems.join('')}`);
}

/** Reads and checks a file. @throws Failure when it cannot be read */
export async function checkFile(
  file: string,
  config?: KnownConfig,
): Promise<{ text: string } & ({ baseline: BaselineDraft } | { problems: Problem[] })> {
  const text = await readText(file);
  const { executionRolePattern, rolePolicyQuotas } = config ?? {};
  const deployment = {
    ...(executionRolePattern && { executionRolePattern }),
    ...(rolePolicyQuotas && { rolePolicyQuotas }),
  };
  return { text, ...parseBaseline(text, kinds, deployment) };
}

/** `file:line: path: message`, as editors understand it. */
function formatProblem(file: string, { path, message, line }: Problem): string {
  return [line ? `${file}:${line}` : file, path, message].filter(Boolean).join(': ');
}
