// `npm run bench:cold-start`: how large each function is, how long its modules take to load in a new process, and how long until its
// first call to AWS is sent; beside an empty handler, and beside the clients and commands of the SDK that it holds, bundled as small, of
// which one reads an item of the table. `npm run bench:cold-start -- 15 plain` bundles these clients as esbuild does by itself, with all
// that the functions leave out.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Bundle, bundleFunctions, FOR_LAMBDA, ONLY_WHAT_IS_NEEDED, sizes } from '../../infra/build.ts';
import { aBaselineItem, aRecord, MEMBER } from '../kit/factories.ts';
import { fakeAws } from '../kit/fake-aws.ts';
import { FIRST_EVENTS } from '../kit/first-events.ts';
import { invoke, type Took } from '../kit/invoke.ts';
import { median } from './median.ts';

const [count = '15', bare = 'small'] = process.argv.slice(2);
const ROUNDS = Number(count);
const PLUGINS = bare === 'plain' ? [] : ONLY_WHAT_IS_NEEDED;
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
mkdirSync(dist, { recursive: true });
// In the checkout, since the entries of the bare clients import its packages.
const folder = mkdtempSync(join(dist, 'cold-start-'));
const PARAMETER = { name: '/bench/one', value: 'a value' };
/** The account of the first events is as its baseline wants it, which has one parameter. */
const BASELINE = {
  ...aBaselineItem(),
  sections: { parameters: [{ ...PARAMETER, description: 'Of the bench' }] },
};
const ACCOUNT = { pk: `account#${MEMBER}`, sk: 'desired', ...aRecord() };
const aws = await fakeAws({ parameters: [PARAMETER], roles: [] });

/** A bundle to start, and what its starts took. */
interface Measured {
  readonly bundle: Bundle;
  readonly event: object;
  readonly took: Took[];
}

try {
  const empty = measured(await bundled('empty', 'export const handler = async () => undefined;\n'), {});
  const functions = new Map<Measured, Measured>();
  for (const bundle of await bundleFunctions(folder)) {
    const bare = await bundled(`${bundle.name}-bare`, clientsOf(bundle));
    functions.set(measured(bundle, FIRST_EVENTS[bundle.name] ?? {}), measured(bare, {}));
  }
  const all = [empty, ...[...functions].flat()];
  // Round by round, so that what else the machine does meets all of them alike; the first round only fills the file cache.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { bundle, event, took } of all) {
      aws.table.clear();
      if (bundle.name === 'intake') aws.table.put(BASELINE);
      if (bundle.name === 'reconcile') aws.table.put(BASELINE, ACCOUNT);
      const one = await invoke(aws.endpoint, { file: join(bundle.directory, 'index.mjs'), event });
      if (round > 0) took.push(one);
    }
  }
  say(`Median of ${ROUNDS} interleaved starts in new processes of Node ${process.version}:`);
  say(
    row(
      '',
      'kB at start',
      'kB of clients',
      'loaded, × empty',
      '× clients',
      'first call, × clients',
      'handled, × empty',
    ),
  );
  for (const [one, bare] of functions) {
    const ratio = (to: Measured, of: (took: Took) => number) =>
      median(one.took.map((each, round) => of(each) / of(to.took[round] ?? each))).toFixed(2);
    say(
      row(
        one.bundle.name,
        kilobytes(one.bundle),
        kilobytes(bare.bundle),
        ratio(empty, ({ loaded }) => loaded),
        ratio(bare, ({ loaded }) => loaded),
        ratio(bare, ({ firstCall }) => firstCall),
        ratio(empty, ({ handled }) => handled),
      ),
    );
  }
} finally {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
}

function measured(bundle: Bundle, event: object): Measured {
  return { bundle, event, took: [] };
}

/** An entry that holds the clients and commands that ended up in a bundle; its handler reads an item. */
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
  return `${exported.join('')}
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
export const handler = async () =>
  void (await table.send(new GetCommand({ TableName: 'orgkeeper', Key: { pk: 'account', sk: 'desired' } })));
`;
}

async function bundled(name: string, text: string): Promise<Bundle> {
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, text);
  const directory = join(folder, name);
  const { metafile } = await build({
    ...FOR_LAMBDA,
    keepNames: false,
    entryPoints: { index: entry },
    outdir: directory,
    splitting: true,
    metafile: true,
    plugins: PLUGINS,
  });
  return { name, directory, metafile };
}

function kilobytes({ metafile }: Bundle): string {
  return String(Math.ceil(sizes(metafile).entryBytes / 1024));
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(24)).join('');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
