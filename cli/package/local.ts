import { Command } from 'commander';
import { Failure } from '../failure.ts';

/** `orgkeeper local` in the package: says where the local runtime is. */
export function localCommand(): Command {
  return new Command('local')
    .description('run Orgkeeper on this machine, against an emulator; needs a checkout of the repository')
    .argument('[words...]')
    .allowUnknownOption()
    .action(() => {
      throw new Failure(
        'The package has no local runtime: check out the repository of Orgkeeper, and run `npm ci && npm start` there.',
      );
    });
}
