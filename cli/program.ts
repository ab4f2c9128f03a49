import { Command } from 'commander';
import { withOurErrors } from './usage.ts';

/** What a command is for, and where it is; it is read only when it is asked for, so that help comes at once. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  accounts: {
    summary: 'the fleet: baseline, state, last pass of every account',
    load: async () => (await import('./commands/accounts.ts')).accountsCommand(),
  },
  account: {
    summary: 'one account: conditions, outputs, differences of the last pass',
    load: async () => (await import('./commands/account.ts')).accountCommand(),
  },
  history: {
    summary: 'the passes of an account that changed or found something, newest first',
    load: async () => (await import('./commands/history.ts')).historyCommand(),
  },
  plan: {
    summary: 'what a pass would change in an account, changing nothing',
    load: async () => (await import('./commands/plan.ts')).planCommand(),
  },
  sweep: {
    summary: 'ask for a pass of some accounts, or of all',
    load: async () => (await import('./commands/sweep.ts')).sweepCommand(),
  },
  register: {
    summary: 'ask for an account to be kept',
    load: async () => (await import('./commands/register.ts')).registerCommand(),
  },
  create: {
    summary: 'ask for a new account, and for it to be kept',
    load: async () => (await import('./commands/create.ts')).createCommand(),
  },
  retire: {
    summary: 'ask for an account not to be kept any more',
    load: async () => (await import('./commands/retire.ts')).retireCommand(),
  },
  forget: {
    summary: 'remove the record of a retired account',
    load: async () => (await import('./commands/forget.ts')).forgetCommand(),
  },
  addresses: {
    summary: 'pools of addresses, and who holds what of them',
    load: async () => (await import('./commands/addresses.ts')).addressesCommand(),
  },
  baseline: {
    summary: 'list, show, validate, publish and assign baselines',
    load: async () => (await import('./commands/baseline.ts')).baselineCommand(),
  },
  rules: {
    summary: 'list, check, publish and explain the rules that choose baselines',
    load: async () => (await import('./commands/rules.ts')).rulesCommand(),
  },
  pause: {
    summary: 'stop writing: into the fleet, a baseline, some accounts',
    load: async () => (await import('./commands/pause.ts')).pauseCommand(),
  },
  resume: {
    summary: 'let writing go on',
    load: async () => (await import('./commands/pause.ts')).resumeCommand(),
  },
  doctor: {
    summary: 'check a deployment: what is missing, and what to do about it',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  'dead-letters': {
    summary: 'what failed for good, and once more',
    load: async () => (await import('./commands/dead-letters.ts')).deadLettersCommand(),
  },
  credentials: {
    summary: "temporary credentials of an account's execution role",
    load: async () => (await import('./commands/credentials.ts')).credentialsCommand(),
  },
  template: {
    summary: "the template for an invited account's owner",
    load: async () => (await import('./commands/template.ts')).templateCommand(),
  },
  policy: {
    summary: 'compare two policies by meaning: the same? covered?',
    load: async () => (await import('./policy.ts')).policyCommand(),
  },
  local: {
    summary: 'run Orgkeeper on this machine, against an emulator',
    load: async () => (await import('./local.ts')).localCommand(),
  },
};

/** The program with the commands that `argv` names in full, and the others as lines of its help. */
export async function program(argv: readonly string[]): Promise<Command> {
  const root = new Command('orgkeeper')
    .description('Keeps every account of an AWS organization in its desired state.')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', HELP);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = argv.includes(name) ? await load() : new Command(name);
    root.addCommand(command.summary(summary));
  }
  return withOurErrors(root);
}

/** The whole program, each command in full. */
export function completeProgram(): Promise<Command> {
  return program(Object.keys(commands));
}

const HELP = `
AWS's usual environment says where: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL … of the Main account.
Exit: 0 done; 1 failed, with one sentence on stderr; 2 differences found (plan, policy).`;
