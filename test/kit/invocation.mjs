// A process that is an environment of a function: it loads the bundle and gives it one event, as Lambda does, and prints what that took:
// `node invocation.mjs <file:…/index.mjs> <event>`; with a third argument, also which files were loaded.
import { subscribe } from 'node:diagnostics_channel';
import { registerHooks } from 'node:module';

const [bundle, event, isListed] = process.argv.slice(2);
const files = [];
if (isListed) registerHooks({ load: (url, context, next) => files.push(url) && next(url, context) });
const start = performance.now();
const since = () => performance.now() - start;
const { handler } = await import(bundle);
const loaded = since();
const atStart = process.resourceUsage().maxRSS;
let firstCall;
subscribe('http.client.request.start', () => {
  firstCall ??= since();
});
const result = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 600_000 });
const handled = since();
const inMegabytes = (kilobytes) => kilobytes / 1024;
const took = {
  loaded,
  firstCall: firstCall ?? handled,
  handled,
  megabytesAtStart: inMegabytes(atStart),
  megabytes: inMegabytes(process.resourceUsage().maxRSS),
  files,
  result,
};
process.stdout.write(`\n${JSON.stringify(took)}\n`, () => process.exit());
