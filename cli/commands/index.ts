import type { Command } from 'commander';

/** A command of the command line whose file is not loaded yet. */
interface Entry {
  /** Its line in `orgkeeper --help`. */
  readonly summary: string;
  /** Loads the command's file and the SDK clients that it uses. */
  readonly load: () => Promise<Command>;
}

/**
 * Every command, in the order of `orgkeeper --help`. A command's file is loaded only when the command is called, so that help is
 * fast and no command loads the clients of another.
 */
export const commands: Readonly<Record<string, Entry>> = {
  accounts: {
    summary: 'the fleet: baseline, state, last run of every account',
    load: async () => (await import('./accounts.ts')).accountsCommand(),
  },
  account: {
    summary: 'one account: conditions, outputs, its last run',
    load: async () => (await import('./account.ts')).accountCommand(),
  },
  history: {
    summary: 'runs that changed or found something, of one account or all',
    load: async () => (await import('./history.ts')).historyCommand(),
  },
  sweeps: {
    summary: 'the sweeps of the last 30 days',
    load: async () => (await import('./sweeps.ts')).sweepsCommand(),
  },
  rejected: {
    summary: 'the requests that were rejected, and why',
    load: async () => (await import('./rejected.ts')).rejectedCommand(),
  },
  report: {
    summary: 'the whole fleet on one page',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  plan: {
    summary: 'show what a run would change; changes nothing',
    load: async () => (await import('./plan.ts')).planCommand(),
  },
  sweep: {
    summary: 'request a run of some accounts, or of all',
    load: async () => (await import('./sweep.ts')).sweepCommand(),
  },
  register: {
    summary: 'request that an account is managed',
    load: async () => (await import('./register.ts')).registerCommand(),
  },
  create: {
    summary: 'request a new account, which is then managed',
    load: async () => (await import('./create.ts')).createCommand(),
  },
  retire: {
    summary: 'request that an account is no longer managed',
    load: async () => (await import('./retire.ts')).retireCommand(),
  },
  forget: {
    summary: 'remove the record of a retired account',
    load: async () => (await import('./forget.ts')).forgetCommand(),
  },
  addresses: {
    summary: 'address pools, and which account holds which block',
    load: async () => (await import('./addresses.ts')).addressesCommand(),
  },
  baseline: {
    summary: 'list, show, validate, publish and assign baselines',
    load: async () => (await import('./baseline.ts')).baselineCommand(),
  },
  rollout: {
    summary: 'move accounts to another version of a baseline, in waves',
    load: async () => (await import('./rollout.ts')).rolloutCommand(),
  },
  rules: {
    summary: 'list, validate, publish and explain rules for baselines',
    load: async () => (await import('./rules.ts')).rulesCommand(),
  },
  pause: {
    summary: 'stop writes: to the fleet, a baseline, some accounts',
    load: async () => (await import('./pause.ts')).pauseCommand(),
  },
  resume: {
    summary: 'allow writes again',
    load: async () => (await import('./pause.ts')).resumeCommand(),
  },
  except: {
    summary: 'leave a difference as it is until a date',
    load: async () => (await import('./except.ts')).exceptCommand(),
  },
  exceptions: {
    summary: 'list what is excepted, or end an exception',
    load: async () => (await import('./except.ts')).exceptionsCommand(),
  },
  doctor: {
    summary: 'check a deployment: what is wrong, and the remedy',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  'dead-letters': {
    summary: 'list and redrive messages that failed for good',
    load: async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  },
  cluster: {
    summary: 'EMR clusters in accounts, each for a time',
    load: async () => (await import('./cluster.ts')).clusterCommand(),
  },
  review: {
    summary: 'who may enter accounts, and what may be entered from them',
    load: async () => (await import('./review.ts')).reviewCommand(),
  },
  credentials: {
    summary: "temporary credentials of an account's execution role",
    load: async () => (await import('./credentials.ts')).credentialsCommand(),
  },
  template: {
    summary: "the template for an invited account's owner",
    load: async () => (await import('./template.ts')).templateCommand(),
  },
  cost: {
    summary: "what a night costs by AWS's list prices",
    load: async () => (await import('./cost.ts')).costCommand(),
  },
  policy: {
    summary: 'compare two policies by meaning: same, covers',
    load: async () => (await import('./policy.ts')).policyCommand(),
  },
  completion: {
    summary: 'print the completion script of a shell',
    load: async () => (await import('./completion.ts')).completionCommand(),
  },
  local: {
    summary: 'run Orgkeeper on this machine, against an emulator',
    load: async () => (await import('./local.ts')).localCommand(),
  },
};
