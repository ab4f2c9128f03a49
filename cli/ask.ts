import { cell } from '../shared/domain/escape.ts';
import { Failure } from './failure.ts';

/** Asks a person for confirmation; Enter means no. @throws Failure if stdin is not a terminal */
export async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Failure(`${question} stdin is not a terminal; pass --yes to confirm.`);
  }
  const { default: confirm } = await import('@inquirer/confirm');
  return confirm({ message: cell(question), default: false }, { output: process.stderr });
}
