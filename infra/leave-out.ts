import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Files of a package that no function needs, and what takes their place. */
interface Replacement {
  /** The import that brings them: a bundle with that import and without the files has them under another name, unreplaced. */
  readonly broughtBy: string;
  readonly files: RegExp;
  readonly contents: (text: string) => string;
}

const DYNAMODB = '@aws-sdk/client-dynamodb';

const REPLACED: readonly Replacement[] = [
  // Lambda puts region and credentials of a function's role into its environment: no SSO, no instance metadata.
  {
    broughtBy: DYNAMODB,
    files: /\/credential-provider-node\/dist-es\/index\.js$/,
    contents: () => "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  },
  {
    broughtBy: DYNAMODB,
    files: /\/regionConfig\/getInstanceMetadataRegion\.js$/,
    contents: () => 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  // Nor are there profiles. Each client would look for each of its settings in them, with an error for each that is not there.
  {
    broughtBy: DYNAMODB,
    files: /\/node-config-provider\/configLoader\.js$/,
    contents: () => `
      import { memoize } from '../property-provider/memoize';
      export const loadConfig = ({ environmentVariableSelector: read, default: otherwise }, { signingName, logger } = {}) =>
        memoize(async () =>
          read(process.env, { signingName, logger }) ?? (typeof otherwise === 'function' ? otherwise() : otherwise));`,
  },
  // Nobody gives a client a logger, for which it would copy the input and the output of each call.
  {
    broughtBy: DYNAMODB,
    files: /\/middleware-logger\/loggerMiddleware\.js$/,
    contents: () => 'export const getLoggerPlugin = () => ({ applyToStack: () => undefined });',
  },
  // Node has SHA-256 itself.
  {
    broughtBy: DYNAMODB,
    files: /\/checksum\/sha256\/Sha256Js\.js$/,
    contents: () => 'export class Sha256Js {}',
  },
  // Of the retry mode `adaptive`, which nobody switches on: our clients retry by shared/aws/patience.ts.
  {
    broughtBy: DYNAMODB,
    files: /\/util-retry\/DefaultRateLimiter\.js$/,
    contents: () => 'export class DefaultRateLimiter {}',
  },
  // Nobody switches on that DynamoDB's endpoints are discovered.
  {
    broughtBy: DYNAMODB,
    files: /\/endpoint-cache\/dist-es\/index\.js$/,
    contents: () => 'export class EndpointCache {}',
  },
  // Every zod schema can write itself as a JSON schema. The functions only parse.
  { broughtBy: 'zod', files: /\/zod\/v4\/core\/json-schema-processors\.js$/, contents: withoutEffect },
  { broughtBy: 'zod', files: /\/zod\/v4\/core\/to-json-schema\.js$/, contents: withoutEffect },
];

/**
 * Leaves out of a bundle what of our dependencies no function needs. A build fails if a package no longer has one of the files, as after
 * an update.
 */
export const leaveOut: Plugin = leavingOut(REPLACED);

/** The same for any replacements. */
export function leavingOut(replacements: readonly Replacement[]): Plugin {
  return {
    name: 'leave-out',
    setup({ onStart, onLoad, onResolve, onEnd }) {
      const imported = new Set<string>();
      const replaced = new Set<Replacement>();
      onStart(() => {
        imported.clear();
        replaced.clear();
      });
      onResolve({ filter: /^[@\w]/ }, ({ path }) => {
        imported.add(path);
        return undefined;
      });
      for (const replacement of replacements) {
        onLoad({ filter: replacement.files }, async ({ path: file }) => {
          replaced.add(replacement);
          return { contents: replacement.contents(await readFile(file, 'utf8')) };
        });
      }
      onEnd(() => ({
        errors: replacements
          .filter((one) => imported.has(one.broughtBy) && !replaced.has(one))
          .map(({ broughtBy, files }) => ({
            text: `${broughtBy} brings no file ${files.source}, which is left out of bundles: correct infra/leave-out.ts`,
          })),
      }));
      // Of its package.json, a client reads the version, for the user agent.
      onLoad({ filter: /@aws-sdk\/client-[\w-]+\/package\.json$/ }, async ({ path: file }) => {
        const { version } = JSON.parse(await readFile(file, 'utf8'));
        return { loader: 'json', contents: JSON.stringify({ version }) };
      });
      // Its package does not say that importing it does nothing.
      onResolve({ filter: /^ipaddr\.js$/ }, ({ path: name }) => ({
        path: fileURLToPath(import.meta.resolve(name)),
        sideEffects: false,
      }));
    },
  };
}

/** What a module exports, as functions whose result does nothing. */
function withoutEffect(text: string): string {
  const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
  return names.map((name) => `export const ${name} = () => () => undefined;`).join('\n');
}
