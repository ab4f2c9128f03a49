import { Command } from 'commander';
import { cell } from '../../shared/domain/escape.ts';
import { covers, type Missing } from '../../shared/policy/covers.ts';
import { type Policy, PolicyError, parsePolicy } from '../../shared/policy/document.ts';
import { differences } from '../../shared/policy/same.ts';
import { value } from '../differences.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { readText } from '../read-text.ts';
import { colours, print, printJson, printTable } from '../terminal.ts';

const mostBytes = 16_000_000;
/** Maximum number of printed rows; `--json` has all. */
const mostRows = 200;

/**
 * `orgkeeper policy same|covers`: compares two policy files by meaning. Exit code 0 if they are the same (or covered), 2 if not. A
 * file that is not a policy is a Failure that names the file and the path in it.
 */
export function policyCommand(): Command {
  const command = new Command('policy')
    .description('Compares IAM policies by meaning, not by text.')
    .addHelpText('after', examples('orgkeeper policy same mine.json theirs.json'));
  command
    .command('same')
    .description('checks whether two policies mean the same; exit code 0 if they do, 2 if not')
    .argument('<a>', 'a policy file, JSON or URL-encoded JSON; - for stdin')
    .argument('<b>', 'the other policy file')
    .option('--json', 'print { same, differences } as JSON')
    .option(
      '--partition <name>',
      'the partition of bare account ids, such as aws-cn (default: the document’s own)',
    )
    .addHelpText('after', examples('orgkeeper policy same mine.json theirs.json'))
    .action(same);
  command
    .command('covers')
    .description('checks whether ACTUAL grants at least REQUIRED; exit code 0 if that is proven, 2 if not')
    .argument('<required>', 'a policy file, JSON or URL-encoded JSON; - for stdin')
    .argument('<actual>', 'the policy that must grant as much')
    .option('--json', 'print { covered, missing } as JSON')
    .addHelpText('after', examples('orgkeeper policy covers required.json actual.json --json'))
    .action(coversCommand);
  return command;
}

async function same(a: string, b: string, options: { json?: true; partition?: string }): Promise<void> {
  const { partition } = options;
  const [left, right] = await readBoth(a, b);
  const found = differences(left, right, partition === undefined ? {} : { partition });
  if (found.length > 0) process.exitCode = 2;
  if (options.json) return printJson({ same: found.length === 0, differences: found });
  if (found.length === 0) return print(colours().green('The policies mean the same.'));
  printRows(['PATH', cell(a), cell(b)], found, ({ path, left, right }) => [
    cell(path),
    member(path, left, right),
    member(path, right, left),
  ]);
}

async function coversCommand(required: string, actual: string, options: { json?: true }): Promise<void> {
  const coverage = covers(...(await readBoth(required, actual)));
  if (!coverage.covered) process.exitCode = 2;
  if (options.json) return printJson(coverage);
  if (coverage.covered) return print(colours().green('Everything that is required is granted.'));
  const principals = coverage.missing.some((each) => each.principal !== undefined);
  const row = ({ principal = '–', action, resource, unproven, reason }: Missing) => [
    ...(principals ? [cell(principal)] : []),
    unproven ? '–' : cell(action),
    unproven ? '–' : cell(resource),
    cell(reason),
  ];
  printRows([...(principals ? ['PRINCIPAL'] : []), 'ACTION', 'RESOURCE', 'WHY'], coverage.missing, row);
  for (const line of deniedBy(coverage.missing)) print(cell(line));
}

/** Prints which statements deny something, however many rows are printed. */
function deniedBy(missing: readonly Missing[]): string[] {
  const counts = new Map<string, number>();
  for (const { denying } of missing) {
    if (denying) counts.set(denying.statement, (counts.get(denying.statement) ?? 0) + 1);
  }
  return [...counts].map(
    ([statement, count]) =>
      `${statement} of the actual policy denies, or may, ${count.toLocaleString('en')} of ${missing.length.toLocaleString('en')}.`,
  );
}

function printRows<T>(head: readonly string[], all: readonly T[], row: (one: T) => readonly string[]): void {
  printTable(head, all.slice(0, mostRows).map(row));
  const more = all.length - mostRows;
  if (more > 0) print(`… and ${more.toLocaleString('en')} more; --json prints them all.`);
}

/** A value for people; for two lists, only the items that the other list lacks. */
function member(path: string, of: unknown, other: unknown): string {
  if (of === null) return '–';
  if (!Array.isArray(of)) return value(of, other ?? undefined);
  const fold = (each: unknown) => (path.endsWith('Action') ? String(each).toLowerCase() : each);
  const known = new Set(Array.isArray(other) ? other.map(fold) : []);
  const lacking = of.filter((each) => !known.has(fold(each)));
  return lacking.length === 0 ? '–' : cell(lacking.join(', '));
}

async function readBoth(a: string, b: string): Promise<[Policy, Policy]> {
  if (a === '-' && b === '-') throw new Failure('Only one of the two files can be the standard input.');
  return [await read(a), await read(b)];
}

async function read(file: string): Promise<Policy> {
  const name = file === '-' ? 'The standard input' : file;
  const text = await readText(file, mostBytes);
  // A failed redirection leaves an empty file, which must not count as a policy that grants nothing.
  if (text.trim() === '') throw new Failure(`${name} is empty: it holds no policy (the empty policy is {}).`);
  try {
    return parsePolicy(text);
  } catch (error) {
    if (error instanceof PolicyError) throw new Failure(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}
