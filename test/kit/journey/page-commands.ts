import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestRuntime } from './runtime.ts';

/** A line of a page that was run. */
export interface RanLine {
  readonly line: string;
  readonly code: number;
  readonly stdout: string;
}

const NODE = createRequire(import.meta.url).resolve('node/bin/node');
const CLI = fileURLToPath(new URL('../../../cli/main.mjs', import.meta.url));
const AWS = fileURLToPath(new URL('./aws-command.ts', import.meta.url));

/**
 * Runs lines of a page one after another in one bash, in a folder that looks like a checkout: `./cli/bin.mjs local env` answers for this
 * runtime, `./cli/bin.mjs` with anything else is the command line, and `aws` calls the SDK, since not every machine has the AWS CLI.
 */
export async function runPageLines(runtime: TestRuntime, lines: readonly string[]): Promise<RanLine[]> {
  const folder = await mkdtemp(join(tmpdir(), 'orgkeeper-page-'));
  await mkdir(join(folder, 'cli'));
  const { main, management } = runtime.accounts;
  const cases = Object.entries({ main, management }).map(
    ([name, account]) => `    ${name}) account=${account} ;;`,
  );
  const exports = Object.entries(runtime.environment('"$account"')).map(
    ([name, value]) => `export ${name}=${value}`,
  );
  await writeFile(
    join(folder, 'cli', 'bin.mjs'),
    `#!/bin/bash
if [[ "$1 $2" == 'local env' ]]; then
  account=$3
  case "$3" in
${cases.join('\n')}
  esac
  cat <<END
${exports.join('\n')}
END
  exit
fi
exec "${NODE}" "${CLI}" "$@"
`,
    { mode: 0o755 },
  );
  await writeFile(join(folder, 'aws'), `#!/bin/bash\nexec "${NODE}" "${AWS}" "$@"\n`, { mode: 0o755 });
  const script = lines.map((line) => `${line}\nprintf '\\n@@%s@@' $?\n`).join('');
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const parts = [...out.matchAll(/([\s\S]*?)\n@@(\d+)@@/g)];
  if (parts.length !== lines.length)
    throw new Error(`${parts.length} of ${lines.length} lines ended: ${out}${err}`);
  return lines.map((line, at) => ({ line, code: Number(parts[at]?.[2]), stdout: parts[at]?.[1] ?? '' }));
}
