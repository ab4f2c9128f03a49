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

function direct(statement: string, names: string, index: string): string {
  const files = filesOf(index);
  const imports = names.split(',').flatMap((one) => {
    const [name = '', as = name] = one.trim().split(' as ');
    if (name === '') return [];
    const { file = index, exported = name } = files.get(name) ?? {};
    return [`import { ${exported} as ${as} } from ${JSON.stringify(file)};`];
  });
  return files.size > 0 ? imports.join(' ') : statement;
}

/** Where what an index file exports is, by name. */
type Files = ReadonlyMap<string, { readonly file: string; readonly exported: string }>;
const known = new Map<string, Files>();
const { resolve } = createRequire(import.meta.url);

function filesOf(index: string): Files {
  const before = known.get(index);
  if (before) return before;
  const [scope = '', core = '', part = ''] = index.split('/');
  const root = path.dirname(resolve(`${scope}/${core}/package.json`));
  const folder = path.join(root, 'dist-es', 'submodules', part);
  const text = readFileSync(path.join(folder, 'index.js'), 'utf8');
  const files = [...text.matchAll(/^export \{([^}]+)\} from "([^"]+)";$/gm)].flatMap(
    ([, names = '', from = '']) =>
      names.split(',').flatMap((one) => {
        const [exported = '', name = exported] = one.trim().split(' as ');
        if (exported === '') return [];
        return [[name, whereIs(exported, from, folder)] as const];
      }),
  );
  const found = new Map(files);
  known.set(index, found);
  return found;
}

function whereIs(exported: string, from: string, folder: string) {
  if (from.startsWith('.')) return { file: path.join(folder, from), exported };
  return filesOf(from).get(exported) ?? { file: from, exported };
}
