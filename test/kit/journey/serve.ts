import { startRuntime } from '../../../local/runtime.ts';

/** Runs a local runtime in a process of its own, for a suite of tests. Reads its options as JSON, and prints its address. */
const options = JSON.parse(process.argv[2] ?? '{}');
const runtime = await startRuntime({ port: 0, announce: false, ...options });
const { endpoint, region, accounts, organizationId, logFile } = runtime;
process.stdout.write(`${JSON.stringify({ endpoint, region, accounts, organizationId, logFile })}\n`);

// The tests keep standard input open. When they end, this process ends, too.
process.stdin.resume();
await new Promise((resolve) => {
  process.stdin.once('end', resolve);
  process.once('SIGTERM', resolve);
  runtime.lost.then((why) => process.stderr.write(`${why}\n`)).then(resolve);
});
await runtime.stop();
process.exit(0);
