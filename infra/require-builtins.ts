import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

const BUILT_IN = 'built-in';

/**
 * Takes Node's own modules by require(). An import reads each export of such a module, and thereby loads what only that export needs:
 * an import of `node:http` loads all of `fetch`. Node gives both ways the same module.
 */
export const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path)
        ? { path, namespace: BUILT_IN, sideEffects: false }
        : undefined,
    );
    onLoad({ filter: /^/, namespace: BUILT_IN }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
