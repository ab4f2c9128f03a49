import { Command, Option } from 'commander';
import type { Format } from '../credentials.ts';
import { Failure } from '../failure.ts';

/** `credentials ID`: temporary credentials of the execution role. */
export function credentialsCommand(): Command {
  return new Command('credentials')
    .description(
      "Prints temporary credentials of an account's execution role, taken through the API role and kept for the hour that they last.",
    )
    .argument('[id]', 'account id, 12 digits')
    .addOption(
      new Option(
        '--format <format>',
        'env: export lines; json; process: for credential_process of the AWS configuration',
      )
        .choices(['env', 'json', 'process'])
        .default('env'),
    )
    .option('--logout', 'forget what was kept, of one account or of all')
    .action(async (id: string | undefined, options: { format: Format; logout?: boolean }) => {
      const { credentials, logout } = await import('../credentials.ts');
      if (options.logout) return logout(id);
      if (!id) throw new Failure('Say which account: `orgkeeper credentials ID`.');
      return credentials(id, options.format);
    });
}
