import { startRuntime } from '../../../local/runtime.ts';

/** One local runtime in a process of its own, for a suite of tests: options come as JSON, its address goes out. */
const options = JSON.parse(process.argv[2] ?? '{}');
const runtime = await startRuntime({ port: 0, announce: false, ...options });
const { endpoint, region, accounts, organizationId, logFile } = runtime;
process.stdout.write(`${JSON.stringify({ endpoint, region, accounts, organizationId, logFile })}\n`);

// The tests hold standard input open: when they are gone, so is this.
process.stdin.resume();
await new Promise((resolve) => {
  process.stdin.once('end', resolve);
  process.once('SIGTERM', resolve);
  runtime.lost.then((why) => process.stderr.write(`${why}\n`)).then(resolve);
});
await runtime.stop();
process.exit(0);
