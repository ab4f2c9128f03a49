import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a shell printed, and its exit code. */
interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell in an empty folder, in which `orgkeeper` is this checkout's command line and `aws` the AWS CLI. */
export interface Shell {
  /** Runs lines as somebody would who copies them from a page; the first that fails ends them. */
  readonly run: (lines: string, environment: Readonly<Record<string, string>>) => Promise<Printed>;
  /** Writes a file into the folder, or below it. */
  readonly file: (name: string, text: string) => Promise<void>;
}

/** The AWS CLI is the one on PATH, else one that is installed for this checkout. @throws if it cannot be installed */
export async function openShell(): Promise<Shell> {
  const [bin, folder, home] = await Promise.all(
    ['bin', 'cwd', 'home'].map((name) => mkdtemp(join(tmpdir(), `orgkeeper-shell-${name}-`))),
  );
  if (!bin || !folder || !home) throw new Error('There is no folder for the shell.');
  const node = createRequire(import.meta.url).resolve('node/bin/node');
  const own = fileURLToPath(new URL('../../../.orgkeeper/aws-cli', import.meta.url));
  const cli = fileURLToPath(new URL('../../../cli/main.mjs', import.meta.url));
  await writeFile(join(bin, 'orgkeeper'), `#!/bin/sh\nexec '${node}' '${cli}' "$@"\n`);
  await chmod(join(bin, 'orgkeeper'), 0o755);

  const run: Shell['run'] = (lines, environment) => {
    const child = spawn('sh', ['-e', '-c', lines], {
      cwd: folder,
      env: {
        ...{ PATH: `${bin}:${process.env.PATH}:${own}/bin`, HOME: home, XDG_CACHE_HOME: home, NO_COLOR: '1' },
        ...{ AWS_PAGER: '', AWS_EC2_METADATA_DISABLED: 'true' },
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        printed[stream] += text;
      });
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
  };
  const found = await run('command -v aws', {});
  if (found.code !== 0) {
    const install = `python3 -m venv '${own}'\n'${own}/bin/pip' install --quiet awscli`;
    const { code, stderr } = await run(install, {});
    if (code !== 0)
      throw new Error(`The AWS CLI is not on PATH, and could not be installed: ${stderr.trim()}`);
  }
  const file: Shell['file'] = async (name, text) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  return { run, file };
}
