import ora from 'ora';
import { Failure } from './failure.ts';

/** Tells the person how far the waiting is: a spinner on a terminal, lines elsewhere, always on stderr. */
export interface Progress {
  update(text: string): void;
  stop(): void;
}

export function startProgress(text: string): Progress {
  if (!process.stderr.isTTY) process.stderr.write(`${text}\n`);
  const spinner = ora({ text, isEnabled: !!process.stderr.isTTY, isSilent: !process.stderr.isTTY }).start();
  return {
    update: (now) => {
      spinner.text = now;
    },
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
