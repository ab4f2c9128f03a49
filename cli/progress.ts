import ora from 'ora';
import { Failure } from './failure.ts';
import { cell, say } from './output.ts';

/** Says on stderr how far the waiting is: a spinner on a terminal, elsewhere a line whenever it changes. */
export interface Progress {
  update(text: string): void;
  stop(): void;
}

/** Begins to say so; until `stop`, the terminal is its own. */
export function startProgress(text: string): Progress {
  const isTerminal = !!process.stderr.isTTY;
  const spinner = ora({ isEnabled: isTerminal, isSilent: !isTerminal }).start();
  const update = (now: string) => {
    const line = cell(now);
    if (!isTerminal && line !== spinner.text) say(line);
    spinner.text = line;
  };
  update(text);
  return {
    update,
    stop: () => {
      spinner.stop();
    },
  };
}

/** Asks `look` again and again until it answers. @throws Failure with `late()` after `seconds` */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  options: { seconds: number; every: number; late: () => string },
): Promise<T> {
  const end = Date.now() + options.seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() + options.every > end) throw new Failure(options.late());
    await new Promise((resolve) => setTimeout(resolve, options.every));
  }
}
