import type { Command } from 'commander';

/** One command of the command line, before its file is loaded. */
interface Entry {
  /** Its line in `orgkeeper --help`. */
  readonly summary: string;
  /** Loads the command's file, and with it the SDK clients that it calls. */
  readonly load: () => Promise<Command>;
}

/**
 * Every command, in the order of `orgkeeper --help`. The file of a command is loaded when the command is called, and
 * only then: help comes at once, and a command waits for no client of another.
 */
export const commands: Readonly<Record<string, Entry>> = {
  accounts: {
    summary: 'the fleet: baseline, state, last pass of every account',
    load: async () => (await import('./accounts.ts')).accountsCommand(),
  },
  account: {
    summary: 'one account: conditions, outputs, differences of the last pass',
    load: async () => (await import('./account.ts')).accountCommand(),
  },
  history: {
    summary: 'passes of an account that changed or found something',
    load: async () => (await import('./history.ts')).historyCommand(),
  },
  plan: {
    summary: 'what a pass would change in an account, changing nothing',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  sweep: {
    summary: 'ask for a pass of some accounts, or of all',
    load: async () => (await import('./sweep.ts')).sweepCommand(),
  },
  register: {
    summary: 'ask for an account to be kept',
    load: async () => (await import('./register.ts')).registerCommand(),
  },
  create: {
    summary: 'ask for a new account, and for it to be kept',
    load: async () => (await import('./create.ts')).createCommand(),
  },
  retire: {
    summary: 'ask for an account not to be kept any more',
    load: async () => (await import('./retire.ts')).retireCommand(),
  },
  forget: {
    summary: 'remove the record of a retired account',
    load: async () => (await import('./forget.ts')).forgetCommand(),
  },
  addresses: {
    summary: 'pools of addresses, and who holds what of them',
    load: async () => (await import('./addresses.ts')).addressesCommand(),
  },
  baseline: {
    summary: 'list, show, validate, publish and assign baselines',
    load: async () => (await import('./baseline.ts')).baselineCommand(),
  },
  rules: {
    summary: 'list, check, publish and explain rules that choose baselines',
    load: async () => (await import('./rules.ts')).rulesCommand(),
  },
  pause: {
    summary: 'stop writing: into the fleet, a baseline, some accounts',
    load: async () => (await import('./pause.ts')).pauseCommand(),
  },
  resume: {
    summary: 'let writing go on',
    load: async () => (await import('./pause.ts')).resumeCommand(),
  },
  doctor: {
    summary: 'check a deployment: what is missing, and what to do about it',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  'dead-letters': {
    summary: 'what failed for good, and once more',
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  },
  credentials: {
    summary: "temporary credentials of an account's execution role",
    load: async () => (await import('./credentials.ts')).credentialsCommand(),
  },
  template: {
    summary: "the template for an invited account's owner",
    load: async () => (await import('./template.ts')).templateCommand(),
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
