import { DescribeAccountCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { Command } from 'commander';
import { localAccessKeyId } from '../../local/gateway/callers.ts';
import { interruption } from '../../local/interruption.ts';
import {
  DEFAULT_PORT,
  type Runtime,
  type RuntimeOptions,
  type RuntimeState,
  readRuntimeState,
  startRuntime,
} from '../../local/runtime.ts';
import { shellWord } from '../../shared/domain/escape.ts';
import { examples } from '../examples.ts';
import { COMMAND, say } from '../terminal.ts';

/** `orgkeeper local`: runs the local runtime, and prints the environment that the AWS CLI needs for it. */
export function localCommand(defaults: RuntimeOptions = {}): Command {
  const command = new Command('local')
    .description('run Orgkeeper on this machine, against an emulator')
    .addHelpText('after', examples('orgkeeper local start'));
  command
    .command('start')
    .description('start the local runtime in the foreground; Ctrl-C ends it')
    .option('--port <port>', 'port of the gateway', port, DEFAULT_PORT)
    .option('--same-account', 'run Main in the management account', false)
    .addHelpText('after', examples('orgkeeper local start --port 4600'))
    .action((options: RuntimeOptions) => start({ ...defaults, ...options }));
  command
    .command('env')
    .description('print export lines for an account of the running local runtime')
    .argument('[account]', 'main, management, or an account id', 'main')
    .addHelpText(
      'after',
      examples('eval "$(orgkeeper local env)"', 'eval "$(orgkeeper local env management)"'),
    )
    .action(async (name: string) => {
      const state = readRuntimeState();
      const account = accountOf(name, state);
      process.stdout.write(environmentLines(account, state));
      const note = account === name ? await noteOf(account, state) : undefined;
      if (note) say(note);
    });
  return command;
}

async function start(options: RuntimeOptions): Promise<void> {
  const emulator = process.env.AWS_ENDPOINT_URL;
  const interrupted = interruption().then(() => 0);
  const runtime = await Promise.race([
    startRuntime({ oldAccount: true, ...options, say, ...(emulator ? { emulator } : {}) }),
    interrupted,
  ]);
  if (typeof runtime === 'number') process.exit(runtime);
  say(`Functions write to ${runtime.logFile}.`);
  say(`For the AWS CLI in another terminal: eval "$(${COMMAND} local env)"`);
  process.stdout.write(`ready ${runtime.endpoint}\n`);
  process.exit(await Promise.race([interrupted, end(runtime)]).finally(() => runtime.stop()));
}

async function end(runtime: Runtime): Promise<number> {
  say(await runtime.lost);
  return 1;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new Error(`${text} is not a port: a port is a number up to 65535.`);
  return value;
}

function accountOf(name: string, { accounts }: RuntimeState): string {
  if (name === 'main' || name === 'management') return accounts[name];
  if (/^\d{12}$/.test(name)) return name;
  throw new Error(`${name} is neither main, management nor a 12-digit account id.`);
}

function environmentLines(account: string, { endpoint, region }: RuntimeState): string {
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: localAccessKeyId(account),
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${shellWord(value)}\n`);
  return `${lines.join('')}unset AWS_SESSION_TOKEN AWS_PROFILE\n`;
}

/** A note about an account outside of the organization: the emulator plays any account, so the id may be a typing error. */
export async function noteOf(
  account: string,
  { endpoint, accounts }: Pick<RuntimeState, 'endpoint' | 'accounts'>,
): Promise<string | undefined> {
  const credentials = { accessKeyId: localAccessKeyId(accounts.management), secretAccessKey: 'local' };
  const organizations = new OrganizationsClient({
    endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
  const abortSignal = AbortSignal.timeout(3_000);
  try {
    await organizations.send(new DescribeAccountCommand({ AccountId: account }), { abortSignal });
  } catch (error) {
    if (error instanceof Error && error.name === 'AccountNotFoundException')
      return `Account ${account} is not in the organization: it is a standalone account, empty until somebody uses it.`;
  }
  return undefined;
}
