// `npm run bench:start-up`: how long the command line takes to start, beside Node alone and Node with the SDK clients needed.
// `npm run bench:start-up -- FOLDER` measures another checkout, to compare with.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aConfig } from '../kit/factories.ts';
import { median } from './median.ts';

const ROUNDS = 21;
const [folder = fileURLToPath(new URL('../../', import.meta.url))] = process.argv.slice(2);
const bin = join(resolve(folder), 'cli', 'bin.mjs');

const config = aConfig();

/** Answers for AWS at once: a deployment without accounts. */
const aws = createServer((request, response) => {
  const target = String(request.headers['x-amz-target']);
  const answer = target.endsWith('.GetParameter')
    ? { Parameter: { Value: JSON.stringify(config) } }
    : { Items: [], Count: 0, ScannedCount: 0 };
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
});
await new Promise<void>((listening) => aws.listen(0, '127.0.0.1', listening));
const env = {
  ...process.env,
  AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
  AWS_REGION: config.region,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
};
const uncached = { ...env, NODE_DISABLE_COMPILE_CACHE: '1' };

/** What is measured, each beside its yardstick. */
const programs = {
  'node -e 0': { args: ['-e', '0'], env: uncached },
  'SDK clients and calls of `accounts`': {
    args: [fileURLToPath(new URL('sdk-alone.mjs', import.meta.url))],
    env: uncached,
  },
  'orgkeeper --help': { args: [bin, '--help'], env, beside: 'node -e 0' },
  'orgkeeper --help, without cache': { args: [bin, '--help'], env: uncached, beside: 'node -e 0' },
  'orgkeeper accounts': { args: [bin, 'accounts'], env, beside: 'SDK clients and calls of `accounts`' },
  'orgkeeper accounts, without cache': {
    args: [bin, 'accounts'],
    env: uncached,
    beside: 'SDK clients and calls of `accounts`',
  },
} as const satisfies Record<string, { args: readonly string[]; env: NodeJS.ProcessEnv; beside?: string }>;
type Name = keyof typeof programs;
const names = Object.keys(programs) as Name[];

/** Milliseconds from start to exit. */
async function timed(name: Name): Promise<number> {
  const { args, env } = programs[name];
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((done) => child.once('exit', done));
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`);
  return milliseconds;
}

/** Round by round, so that what else the machine does meets all of them alike; the first round only fills the cache. */
const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const name of names) {
    const milliseconds = await timed(name);
    if (round > 0) times[name]?.push(milliseconds);
  }
}
aws.close();

process.stdout.write(`Median of ${ROUNDS} interleaved runs, from start to exit:\n`);
for (const name of names) {
  const own = times[name] ?? [];
  const { beside } = { beside: undefined, ...programs[name] };
  const ratios = beside ? own.map((each, round) => each / (times[beside]?.[round] ?? Number.NaN)) : [];
  const ratio = beside ? `  ${median(ratios).toFixed(2)} × ${beside}` : '';
  process.stdout.write(`${name.padEnd(38)}${median(own).toFixed(0).padStart(5)} ms${ratio}\n`);
}
