import colors from 'picocolors';
import { visible } from '../../shared/domain/escape.ts';
import type { Expectation } from './expectations.ts';

/** The output of the demo on stdout: steps, actions, and what AWS returns. */
export function step(number: number, title: string): void {
  process.stdout.write(`\n${colors.bold(`${number}. ${title}`)}\n`);
}

export function line(text: string): void {
  process.stdout.write(`   ${text}\n`);
}

export function says(expectations: readonly Expectation[]): void {
  for (const { what, says: said, holds } of expectations) {
    const mark = holds ? colors.green('✔') : colors.red('✘');
    line(`${mark} ${colors.dim('AWS says')} ${what}: ${cut(visible(said))}`);
  }
}

function cut(text: string): string {
  return text.length > 140 ? `${text.slice(0, 139)}…` : text;
}
