import { Command } from 'commander';
import { localAccessKeyId } from '../local/gateway/callers.ts';
import {
  DEFAULT_PORT,
  type Runtime,
  type RuntimeOptions,
  readRuntimeState,
  startRuntime,
} from '../local/runtime.ts';

/** `orgkeeper local`: the local runtime in the foreground, and the environment that the AWS CLI needs for it. */
export function localCommand(defaults: RuntimeOptions = {}): Command {
  const command = new Command('local').description('run Orgkeeper on this machine, against an emulator');
  command
    .command('start')
    .description('start the local runtime in the foreground; Ctrl-C ends it')
    .option('--port <port>', 'port of the gateway', port, DEFAULT_PORT)
    .option('--same-account', 'run Main in the management account', false)
    .action((options: RuntimeOptions) => start({ ...defaults, ...options }));
  command
    .command('env')
    .description('print export lines for an account of the running local runtime')
    .argument('[account]', 'main, management, or an account id', 'main')
    .action((account: string) => {
      process.stdout.write(environmentLines(account));
    });
  return command;
}

async function start(options: RuntimeOptions): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const emulator = process.env.AWS_ENDPOINT_URL;
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(0));
  });
  const starting = startRuntime({ ...options, say, ...(emulator ? { emulator } : {}) });
  const runtime = await Promise.race([starting, interrupted]);
  if (typeof runtime === 'number') {
    await starting.then(({ stop }) => stop()).catch(() => undefined);
    process.exit(0);
  }
  say(`Functions write to ${runtime.logFile}.`);
  say(`For the AWS CLI in another terminal: eval "$(npx orgkeeper local env)"`);
  process.stdout.write(`ready ${runtime.endpoint}\n`);
  process.exit(await Promise.race([interrupted, end(runtime)]).finally(() => runtime.stop()));
}

async function end(runtime: Runtime): Promise<number> {
  process.stderr.write(`${await runtime.lost}\n`);
  return 1;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new Error(`${text} is no port: give a number up to 65535.`);
  return value;
}

function environmentLines(name: string): string {
  const { endpoint, region, accounts } = readRuntimeState();
  const account = name === 'main' || name === 'management' ? accounts[name] : name;
  if (!/^\d{12}$/.test(account))
    throw new Error(`${name} is neither main, management nor a 12-digit account id.`);
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: localAccessKeyId(account),
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${value}\n`);
  return `${lines.join('')}unset AWS_SESSION_TOKEN AWS_PROFILE\n`;
}
