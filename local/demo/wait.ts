/** Polls every half second until the answer is right. @throws an error with the last answer after `seconds` */
export async function until<T, Right extends T>(
  what: string,
  ask: () => Promise<T>,
  right: (answer: T) => answer is Right,
  seconds?: number,
): Promise<Right>;
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  right: (answer: T) => boolean,
  seconds?: number,
): Promise<T>;
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  right: (answer: T) => boolean,
  seconds = 90,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (right(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(`${what} did not come about within ${seconds} s: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
