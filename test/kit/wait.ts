/** Polls until the answer is defined. Fails with a sentence that says what it waited for, and what it saw last. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  options: { seconds?: number; everyMs?: number; seen?: () => unknown } = {},
): Promise<T> {
  const { seconds = 90, everyMs = 250 } = options;
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) {
      const seen = options.seen ? `: ${JSON.stringify(options.seen(), null, 1)}` : '';
      throw new Error(`Not within ${seconds} s: ${what}${seen}`);
    }
    await pause(everyMs);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
