import type { TestRuntime } from './runtime.ts';
import type { Shell } from './shell.ts';

/** A line of a page that was run. */
export interface RanLine {
  readonly line: string;
  readonly code: number;
  readonly stdout: string;
}

/**
 * Runs lines of a page one after another, whatever their exit codes, in a shell whose folder looks like a checkout:
 * `./cli/bin.mjs local env` answers for this runtime, and `./cli/bin.mjs` with anything else is the command line.
 */
export async function runPageLines(
  shell: Shell,
  runtime: TestRuntime,
  lines: readonly string[],
): Promise<RanLine[]> {
  const { main, management } = runtime.accounts;
  const cases = Object.entries({ main, management }).map(([name, id]) => `    ${name}) account=${id} ;;`);
  const exports = Object.entries(runtime.environment('$account')).map(
    ([name, value]) => `  echo "export ${name}=${value}"`,
  );
  await shell.file(
    'cli/bin.mjs',
    `#!/bin/sh
if [ "$1 $2" = 'local env' ]; then
  account=$3
  case "$3" in
${cases.join('\n')}
  esac
${exports.join('\n')}
  exit
fi
exec orgkeeper "$@"
`,
  );
  const script = lines.map((line) => `${line}\nprintf '\\n@@%s@@' $?\n`).join('');
  const { stdout, stderr } = await shell.run(`set +e\nchmod +x cli/bin.mjs\n${script}`, {});
  const parts = [...stdout.matchAll(/([\s\S]*?)\n@@(\d+)@@/g)];
  if (parts.length !== lines.length)
    throw new Error(`${parts.length} of ${lines.length} lines ended: ${stdout}${stderr}`);
  return lines.map((line, at) => ({ line, code: Number(parts[at]?.[2]), stdout: parts[at]?.[1] ?? '' }));
}
