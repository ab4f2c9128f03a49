import { Argument, Command } from 'commander';
import { completionScript, SHELLS } from '../completion.ts';
import { examples } from '../examples.ts';
import { printText } from '../terminal.ts';

/** `completion SHELL`: prints the script that completes commands and options in a shell. The program must have all its commands. */
export function completionCommand(): Command {
  return new Command('completion')
    .description(
      'Prints a script with which a shell completes commands, options and their values. Needs no deployment.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'source <(orgkeeper completion bash)',
        'source <(orgkeeper completion zsh)',
        'orgkeeper completion fish | source',
      ),
    )
    .action((shell: (typeof SHELLS)[number], _, command: Command) => {
      if (command.parent) printText(completionScript(shell, command.parent));
    });
}
