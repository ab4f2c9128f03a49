import { parseObject } from './wire.ts';

/** Begins the `Id` of a policy that was withheld. */
const WITHHELD = 'withheld from the emulator: ';

/** A policy without statements that keeps the text of another, so that the emulator applies nothing of that. */
export function withheld(policy: string): string {
  return JSON.stringify({ Version: '2012-10-17', Id: `${WITHHELD}${policy}`, Statement: [] });
}

/** The policy as it was put, of what the emulator holds; one that was not withheld is returned unchanged. */
export function published(held: string): string {
  const { Id } = parseObject(Buffer.from(held)) ?? {};
  return typeof Id === 'string' && Id.startsWith(WITHHELD) ? Id.slice(WITHHELD.length) : held;
}
