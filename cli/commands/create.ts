import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';
import { pairs, wholeNumber } from '../arguments.ts';

interface Options {
  readonly name: string;
  readonly email: string;
  readonly requestId?: string;
  readonly organizationalUnitId?: string;
  readonly baseline?: string;
  readonly mode?: string;
  readonly value?: Record<string, string>;
  readonly tag?: Record<string, string>;
  readonly wait?: boolean;
  readonly timeout: number;
}

/** `create --name N --email E`: an account is to be created, and kept. */
export function createCommand(): Command {
  return new Command('create')
    .description(
      'Puts an AccountCreationRequested event: AWS creates the account, and it is kept from then on.',
    )
    .requiredOption('--name <name>', 'name of the account')
    .requiredOption('--email <address>', 'its email, which no other AWS account may have')
    .option('--request-id <id>', 'what makes two requests the same one; the email when not given')
    .option('--organizational-unit-id <id>', 'where it is moved; it stays in the root when not given')
    .option('--baseline <name[@version]>', 'what is kept in it; chosen by the rules when not given')
    .option('--mode <mode>', 'enforce (default) or observe')
    .option('--value <key=value>', 'a value for `${values.key}`; may stand several times', pairs)
    .option('--tag <key=value>', 'a tag of the account; may stand several times', pairs)
    .option('--wait', 'follow until the account is ready, and print its id')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1800)
    .action(create);
}

async function create(options: Options): Promise<void> {
  const [{ ask, checkRequest }, output] = await Promise.all([import('../ask.ts'), import('../output.ts')]);
  const request = checkRequest('AccountCreationRequested', detailOf(options));
  const [{ connect }, { checkNotTaken, followCreation }, { ended }] = await Promise.all([
    import('../client.ts'),
    import('../follow-creation.ts'),
    import('../obstacles.ts'),
  ]);
  const { table, config } = await connect();
  await checkNotTaken(table, request);
  const eventId = await ask(busClient(config), 'AccountCreationRequested', request);
  output.say(`Asked for account ${request.name} with event ${eventId}.`);
  if (!options.wait) return output.say('The same command again with --wait follows it.');
  const { view, message } = await followCreation(table, { request, eventId, seconds: options.timeout });
  if (message) output.say(message);
  output.print(view.accountId);
  output.say(ended(view));
}

/** The event's detail, of what was given on the command line. */
function detailOf(options: Options): Record<string, unknown> {
  const { value, tag, wait: _, timeout: __, ...same } = options;
  return {
    ...same,
    ...(value && { values: value }),
    ...(tag && { tags: tag }),
  } satisfies Partial<Record<keyof CreationRequest, unknown>>;
}
