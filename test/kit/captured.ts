import { jest } from '@jest/globals';

/** What a run of the command line left. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let isRunning = false;

/**
 * Runs the command line in this process, and returns what it left; the output as it was written, with colours.
 * @throws Error if another run has not ended, since the two would write into each other's output, or if the command line would have
 * ended the process, as it does on wrong usage
 */
export async function captured(work: () => Promise<void>): Promise<Ran> {
  if (isRunning) throw new Error('Another run of the command line has not ended: await it before the next.');
  isRunning = true;
  const written = { stdout: '', stderr: '' };
  let ended: string | undefined;
  const spies = [
    ...(['stdout', 'stderr'] as const).map((name) =>
      jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
        written[name] += String(chunk);
        return true;
      }),
    ),
    jest.spyOn(process, 'exit').mockImplementation((code) => {
      ended ??= `The command line ended the process with code ${code ?? 0}: ${written.stderr.trim()}`;
      throw new Error(ended);
    }),
  ];
  process.exitCode = undefined;
  try {
    await work();
    // The command line may have taken the error for one of its own.
    if (ended !== undefined) throw new Error(ended);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
    isRunning = false;
  }
}
