/** Hides a terminal from tests: Jest has one if it runs a single file in its own process. A test that needs one fakes it. */
for (const stream of [process.stdin, process.stdout, process.stderr]) {
  Object.assign(stream, { isTTY: undefined });
}
