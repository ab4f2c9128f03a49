import { Command } from 'commander';

/** `template …`: what an account's owner deploys. */
export function templateCommand(): Command {
  const command = new Command('template').description('Makes templates for the owners of accounts.');
  command
    .command('member')
    .description(
      "Prints the CloudFormation template with which an invited account's owner lets Orgkeeper keep it, and the link that opens it in CloudFormation.",
    )
    .requiredOption('--account <id>', 'account id, 12 digits')
    .option('--name <name>', 'what people call it')
    .option('--external-id <id>', "the role's ExternalId; the account's own, or a new one, when not given")
    .option('--baseline <name[@version]>', "what it is to be kept by; the account's own, or the default one")
    .option('--output <file>', 'write the template there instead of stdout')
    .option('--json', 'print { accountId, roleArn, externalId, register, quickCreate, template }')
    .action(async (options) => {
      const { template } = await import('../template.ts');
      await template(options);
    });
  return command;
}
