// `npm run bench:cold-start`: how large each function is, and how long its modules take to load in a new process, beside an empty
// handler, and beside the clients and commands of the SDK that it holds, bundled in the same way.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bundle, bundle, bundleFunctions, sizes } from '../../infra/build.ts';
import { aConfig } from '../kit/factories.ts';
import { median } from './median.ts';

const [count = '15'] = process.argv.slice(2);
const ROUNDS = Number(count);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
mkdirSync(dist, { recursive: true });
// In the checkout, since the entries of the bare clients import its packages.
const folder = mkdtempSync(join(dist, 'cold-start-'));

try {
  const functions = await bundleFunctions(folder);
  const empty = await bundled('empty', 'export const handler = async () => undefined;\n');
  const bare = new Map<string, Bundle>();
  for (const made of functions) bare.set(made.name, await bundled(`${made.name}-bare`, clientsOf(made)));

  const all = [empty, ...functions, ...bare.values()];
  const times = new Map(all.map((one): [Bundle, number[]] => [one, []]));
  // Round by round, so that what else the machine does meets all of them alike; the first round only fills the file cache.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const one of all) {
      const milliseconds = await load(one);
      if (round > 0) times.get(one)?.push(milliseconds);
    }
  }

  say(`Median of ${ROUNDS} interleaved loads in new processes of Node ${process.version}:`);
  say(row('', 'kB at start', 'ms', '× empty', '× bare clients', 'kB of bare clients'));
  for (const made of functions) {
    const own = times.get(made) ?? [];
    const clients = bare.get(made.name) ?? empty;
    const besides = (other: Bundle) =>
      median(own.map((each, round) => each / (times.get(other)?.[round] ?? Number.NaN))).toFixed(2);
    say(
      row(
        made.name,
        kilobytes(made),
        median(own).toFixed(0),
        besides(empty),
        besides(clients),
        kilobytes(clients),
      ),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** An entry that exports the clients and commands that ended up in a bundle. */
function clientsOf({ metafile }: Bundle): string {
  const names = new Map<string, Set<string>>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const found =
        /(@aws-sdk\/(?:client|lib)-[\w-]+)\/.*?\/(?:commands\/)?(\w+(?:Command|Client))\.js$/.exec(file);
      const [, library = '', name = ''] = found ?? [];
      if (!found || bytesInOutput === 0 || /^(Base|Paginated)/.test(name)) continue;
      names.set(library, (names.get(library) ?? new Set()).add(name));
    }
  }
  // Two libraries have a QueryCommand.
  const exported = [...names].map(([library, all], at) => {
    const renamed = [...all].map((name) => `${name} as ${name}${at}`);
    return `export { ${renamed.join(', ')} } from '${library}';\n`;
  });
  return exported.join('');
}

function bundled(name: string, text: string): Promise<Bundle> {
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, text);
  return bundle(name, entry, folder);
}

/** Milliseconds that a new process takes to load the bundle. */
async function load({ directory }: Bundle): Promise<number> {
  const file = join(directory, 'index.mjs');
  const script = `const start = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - start); process.exit();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      ...process.env,
      NODE_DISABLE_COMPILE_CACHE: '1',
      AWS_REGION: 'eu-west-1',
      ORGKEEPER_CONFIG: JSON.stringify(aConfig()),
    },
  });
  return Number(stdout);
}

function kilobytes({ metafile }: Bundle): string {
  return String(Math.ceil(sizes(metafile).entryBytes / 1024));
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(20)).join('');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
