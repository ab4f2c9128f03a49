/** A test says itself whether it has a terminal. Jest alone has one, where it runs a single file in its own process. */
for (const stream of [process.stdin, process.stdout, process.stderr]) {
  Object.assign(stream, { isTTY: undefined });
}
