import type { Plugin } from 'esbuild';

/**
 * A function loads the SDK's client of a service with the first call of that service, not when the function starts: a run of an
 * account whose baseline has parameters only loads no client for EMR or S3. In our code the imports stay as they are, and each kind and
 * each client is loaded so without being written for it.
 *
 * In a bundle, an import of `@aws-sdk/client-…` by our code is one of stand-ins (lazy-client.ts). The client itself and the commands that
 * are used are a chunk of their own.
 */

const CLIENT = /^@aws-sdk\/client-[\w-]+$/;
/** Each message needs the table first. */
const NEEDED_FIRST = '@aws-sdk/client-dynamodb';
const STAND_IN = 'stand-in';
const SERVICE = 'service';

/**
 * Puts the stand-ins into a bundle.
 * @param texts our code, whose imports say which clients and commands are used: esbuild brings all of a package that is imported dynamically
 */
export function lazyServices(texts: Iterable<string>): Plugin {
  const used = usedIn(texts);
  return {
    name: 'lazy-services',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: CLIENT, namespace: 'ours' }, ({ path: library }) =>
        library === NEEDED_FIRST ? undefined : { path: library, namespace: STAND_IN, sideEffects: false },
      );
      onLoad({ filter: CLIENT, namespace: STAND_IN }, ({ path: library }) => ({
        resolveDir: import.meta.dirname,
        contents: [
          "import { lazyClient, lazyCommand } from './lazy-client.ts';",
          `const load = () => import('service:${library}');`,
          ...namesOf(library).map((name) => `export const ${name} = /* @__PURE__ */ ${standIn(name)};`),
        ].join('\n'),
      }));
      onResolve({ filter: /^service:/, namespace: STAND_IN }, ({ path }) => ({
        path: path.slice('service:'.length),
        namespace: SERVICE,
      }));
      onLoad({ filter: CLIENT, namespace: SERVICE }, ({ path: library }) => ({
        resolveDir: import.meta.dirname,
        contents: `export { ${namesOf(library).join(', ')} } from '${library}';`,
      }));
    },
  };

  function namesOf(library: string): string[] {
    return [...(used.get(library) ?? [])].sort();
  }
}

/** @throws for a class that is neither a client nor a command: it would be taken for one */
function standIn(name: string): string {
  if (name.endsWith('Client')) return `lazyClient(load, '${name}')`;
  if (name.endsWith('Command')) return `lazyCommand('${name}')`;
  throw new Error(`functions load ${name} with the first call of its service, and cannot make one before`);
}

/** The classes that these texts import and make instances of, by package. An import may name more than what is left of a file. Pure. */
function usedIn(texts: Iterable<string>): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const text of texts) {
    for (const [, imported = '', library = ''] of text.matchAll(/^import \{([^}]*)\} from "([^"]+)";/gm)) {
      const names = imported.split(',').flatMap((one) => {
        const [name = '', as = name] = one.trim().split(' as ');
        return text.includes(`new ${as}(`) ? [name] : [];
      });
      used.set(library, new Set([...(used.get(library) ?? []), ...names]));
    }
  }
  return used;
}
