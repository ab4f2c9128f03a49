import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';

/** How the SDK's files are read, so that esbuild sees what is needed of them. */
export const sdkFiles: Plugin = {
  name: 'sdk-files',
  setup({ onLoad }) {
    onLoad({ filter: /\/node_modules\/(@aws-sdk|@smithy)\/.*\/dist-es\/.*\.js$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8');
      return { contents: literalKeys(importDirectly(text)) };
    });
  },
};

/**
 * The schemas of a service write the keys of objects as constants, `{ [_xN]: "Name" }`. esbuild keeps whatever has a computed key, since
 * computing might do something: with the 800 operations of EC2, 480 kB in place of the 80 of those that are called. Pure.
 */
function literalKeys(text: string): string {
  const constants = new Map(
    [...text.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  return text.replace(/\[(_\w+)\]:/g, (key, name: string) => {
    const value = constants.get(name);
    return value === undefined ? key : `${value}:`;
  });
}

/**
 * The SDK's clients import what they have in common from index files, such as `@aws-sdk/core/protocols`. esbuild counts whatever an
 * index file names as needed by each importer, so that the protocol of EC2 would be loaded at the start, with DynamoDB's client. Here the
 * imports are of the files themselves.
 */
function importDirectly(text: string): string {
  return text.replace(FROM_INDEX, direct);
}

const FROM_INDEX = /^import \{([^}]+)\} from "((@aws-sdk|@smithy)\/core\/(\w+))";$/gm;

function direct(_: string, names: string, index: string): string {
  const files = filesOf(index);
  const imports = renamed(names).map(({ name, as }) => {
    const { file, exported } = found(files, name, index);
    return `import { ${exported} as ${as} } from ${JSON.stringify(file)};`;
  });
  return imports.join(' ');
}

/** The names of an import or export, and what each is called there. */
function renamed(names: string): { name: string; as: string }[] {
  return names.split(',').flatMap((one) => {
    const [name = '', as = name] = one.trim().split(' as ');
    return name === '' ? [] : [{ name, as }];
  });
}

/** Where what an index file exports is, by name. */
type Files = ReadonlyMap<string, Place>;
interface Place {
  readonly file: string;
  readonly exported: string;
}

/** @throws if it is in none of the files: imported from the index, all of them would be in each bundle */
function found(files: Files, name: string, index: string): Place {
  const place = files.get(name);
  if (!place) throw new Error(`${index} exports ${name} in a way that infra/sdk-files.ts does not read`);
  return place;
}

const known = new Map<string, Files>();
const { resolve } = createRequire(import.meta.url);

function filesOf(index: string): Files {
  const before = known.get(index);
  if (before) return before;
  const [scope = '', core = '', part = ''] = index.split('/');
  const root = path.dirname(resolve(`${scope}/${core}/package.json`));
  const folder = path.join(root, 'dist-es', 'submodules', part);
  const text = readFileSync(path.join(folder, 'index.js'), 'utf8');
  const defined = [...text.matchAll(/^export (?:const|class|(?:async )?function\*?) (\w+)/gm)].map(
    ([, name = '']) => name,
  );
  const listed = [...text.matchAll(/^export \{([^}]+)\};$/gm)].flatMap(([, names = '']) => renamed(names));
  const own = [...defined, ...listed.map(({ as }) => as)].map(
    (name) => [name, { file: index, exported: name }] as const,
  );
  const others = [...text.matchAll(/^export \{([^}]+)\} from "([^"]+)";$/gm)].flatMap(
    ([, names = '', from = '']) =>
      renamed(names).map(({ name, as }) => [as, whereIs(name, from, folder)] as const),
  );
  const all = new Map([...own, ...others]);
  known.set(index, all);
  return all;
}

function whereIs(exported: string, from: string, folder: string): Place {
  if (from.startsWith('.')) return { file: path.join(folder, from), exported };
  return found(filesOf(from), exported, from);
}
