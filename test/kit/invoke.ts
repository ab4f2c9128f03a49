import { execFile } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Config } from '../../shared/deployment/config.ts';
import { aConfig } from './factories.ts';

/** What one invocation in a new environment took: milliseconds since the start, and the most memory until then. */
export interface Took {
  readonly loaded: number;
  /** Until the first call to AWS was sent. */
  readonly firstCall: number;
  readonly handled: number;
  readonly megabytesAtStart: number;
  readonly megabytes: number;
  /** URLs of the loaded files, if they were asked for. */
  readonly files: readonly string[];
}

/** A function to start, and its first event. */
export interface Start {
  /** The bundle's `index.mjs`. */
  readonly file: string;
  readonly event: object;
  readonly config?: Partial<Config>;
  /** The memory setting of the function: V8 gets nine tenths. */
  readonly megabytes?: number;
  /** Whether to list the loaded files, which takes time. */
  readonly listFiles?: boolean;
}

const PROCESS = fileURLToPath(new URL('invocation.mjs', import.meta.url));

/** Gives a function one event in a new process, whose AWS is at this endpoint. @throws if a message of the event failed */
export async function invoke(
  endpoint: string,
  { file, event, config, megabytes, listFiles }: Start,
): Promise<Took> {
  const limit = megabytes === undefined ? [] : [`--max-old-space-size=${Math.floor(megabytes * 0.9)}`];
  const args = [
    ...limit,
    PROCESS,
    pathToFileURL(file).href,
    JSON.stringify(event),
    ...(listFiles ? ['list'] : []),
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    maxBuffer: 64 * 1024 * 1024,
    env: {
      NODE_DISABLE_COMPILE_CACHE: '1',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: `ASIA${aConfig().mainAccountId}`,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: endpoint,
      POWERTOOLS_SERVICE_NAME: 'bench',
      ORGKEEPER_CONFIG: JSON.stringify(aConfig(config)),
    },
  });
  const { result, ...took } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  if (result?.batchItemFailures?.length > 0) throw new Error(`A message failed:\n${stdout}${stderr}`);
  return took;
}
