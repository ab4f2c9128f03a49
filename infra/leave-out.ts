import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Files of the SDK that no function needs, and what takes their place. */
const REPLACED: readonly { readonly files: RegExp; readonly contents: string }[] = [
  // Lambda puts region and credentials of a function's role into its environment: no SSO, no instance metadata.
  {
    files: /\/credential-provider-node\/dist-es\/index\.js$/,
    contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
  },
  {
    files: /\/regionConfig\/getInstanceMetadataRegion\.js$/,
    contents: 'export const getInstanceMetadataRegion = async () => undefined;',
  },
  // Nor are there profiles, which each client would look for.
  {
    files: /\/shared-ini-file-loader\/loadSharedConfigFiles\.js$/,
    contents: `
      export { CONFIG_PREFIX_SEPARATOR } from './constants';
      export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
  },
  // Node has SHA-256 itself.
  { files: /\/checksum\/sha256\/Sha256Js\.js$/, contents: 'export class Sha256Js {}' },
  // Of the retry mode `adaptive`, which nobody switches on: our clients retry by shared/aws/patience.ts.
  { files: /\/util-retry\/DefaultRateLimiter\.js$/, contents: 'export class DefaultRateLimiter {}' },
  // Nobody switches on that DynamoDB's endpoints are discovered.
  { files: /\/endpoint-cache\/dist-es\/index\.js$/, contents: 'export class EndpointCache {}' },
];

/** Leaves out of a bundle what of our dependencies no function needs. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  setup({ onLoad, onResolve }) {
    for (const { files, contents } of REPLACED) onLoad({ filter: files }, () => ({ contents }));
    // Of its package.json, a client reads the version, for the user agent.
    onLoad({ filter: /@aws-sdk\/client-[\w-]+\/package\.json$/ }, async ({ path: file }) => {
      const { version } = JSON.parse(await readFile(file, 'utf8'));
      return { loader: 'json', contents: JSON.stringify({ version }) };
    });
    // Every zod schema can write itself as a JSON schema. The functions only parse.
    onLoad(
      { filter: /zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/ },
      async ({ path: file }) => {
        const text = await readFile(file, 'utf8');
        const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
        return { contents: names.map((name) => `export const ${name} = () => () => undefined;`).join('\n') };
      },
    );
    // Its package does not say that importing it does nothing.
    onResolve({ filter: /^ipaddr\.js$/ }, ({ path: name }) => ({
      path: fileURLToPath(import.meta.resolve(name)),
      sideEffects: false,
    }));
  },
};
