import confirm from '@inquirer/confirm';
import { visible } from '../shared/domain/visible.ts';
import { Failure } from './failure.ts';

/** Asks a person; no is the answer to Enter. @throws Failure where nobody can answer */
export async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Failure(`${question} Nobody can answer here, stdin being no terminal: say --yes.`);
  }
  return confirm({ message: visible(question), default: false }, { output: process.stderr });
}
