import type { Comparison, Kind, KindAccount, WritingContext } from '../../controllers/kinds/kind.ts';
import { takenOver } from '../../controllers/kinds/kind.ts';
import { clusterHost } from '../../local/gateway/shims/cluster-regions.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import type { ObservedCall } from '../../shared/aws/watch.ts';
import { NotYetConsistent } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';

/** The Main account of every test; its id is the owner tag. */
export const MAIN = '345678901234';

/** An emulated account of its own, and clients for reading and tampering: their calls are not counted. */
export interface Member {
  readonly account: KindAccount;
  readonly clients: MemberClients;
}

/** Stops a pass at its n-th call (from 1), as a crash or a lost answer would; every later call fails too. */
export interface Stop {
  readonly at: number;
  /** `unsent`: the call never reaches AWS. `unanswered`: AWS does it, and nobody is told. */
  readonly call: 'unsent' | 'unanswered';
  /** What this pass recorded: saved with the failure (`kept`), or gone with the process (`lost`). */
  readonly records: 'kept' | 'lost';
}

/** Thrown in place of the answer by a call that `Stop` names. */
class Stopped extends Error {}

/** What one pass of one kind found and did. */
export interface Outcome {
  readonly state: 'absent' | 'pending' | 'unowned' | 'present';
  /** Absent when the observation ended the pass. */
  readonly comparison: Comparison | undefined;
  readonly calls: readonly ObservedCall[];
  /** True when the pass was stopped before its end. */
  readonly stopped: boolean;
}

let next = 0;

/** A member account that nobody else uses: a random id of 12 digits. */
export function newMember(region = 'eu-west-1'): Member {
  next += 1;
  const accountId = `${100 + (next % 900)}${String(Math.floor(Math.random() * 1e9)).padStart(9, '0')}`;
  const account = { accountId, partition: 'aws', region, owner: MAIN };
  return { account, clients: clientsOf(account) };
}

/** The same account in another region. */
export function inRegion(member: Member, region: string): Member {
  const account = { ...member.account, region };
  return { account, clients: clientsOf(account) };
}

function clientsOf(account: KindAccount, hooks: Partial<Hooks> = {}): MemberClients {
  const clients = memberClients({
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    region: account.region,
    ...(hooks.onCall ? { onCall: hooks.onCall } : {}),
  });
  for (const [name, client] of Object.entries(clients as Omit<MemberClients, 'inRegion'>)) {
    type Stack = Pick<typeof clients.iam, 'middlewareStack'>['middlewareStack'];
    const stack = client.middlewareStack as unknown as Stack;
    stack.add(
      (send) => async (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-moto-account-id'] = account.accountId;
        if (name.startsWith('elasticmapreduce')) headers.host = clusterHost(account.region);
        return send(args);
      },
      { step: 'build', name: 'motoAccount' },
    );
    if (hooks.around) {
      const { around } = hooks;
      stack.add((send) => (args) => around(() => send(args)), { step: 'initialize', name: 'stop' });
    }
  }
  // Those of the SDK's clients would go to moto's own account.
  return { ...clients, inRegion: (region) => clientsOf({ ...account, region }, hooks) };
}

interface Hooks {
  readonly onCall: (call: ObservedCall) => void;
  readonly around: <T>(call: () => Promise<T>) => Promise<T>;
}

/** Keeps one kind in one member as a pass would, remembering what was recorded from pass to pass. */
export interface Keeper<Section = unknown> {
  /** One pass; a `Stop` counts the calls of `apply`. */
  pass(stop?: Stop): Promise<Outcome>;
  /** Only looks: what `observe` finds, and its calls. */
  look(): Promise<Outcome>;
  /** Removes; a `Stop` counts its calls. */
  remove(stop?: Stop): Promise<{ readonly stopped: boolean; readonly calls: readonly ObservedCall[] }>;
  /** Outputs recorded so far. */
  readonly recorded: () => Readonly<Record<string, string>>;
  /** From now on another section, as when the account is moved to another version of its baseline. */
  revise(section: Section): void;
  /** Forgets what was recorded, as when a status was lost. */
  forget(): void;
}

export interface KeeperOptions<Section> {
  readonly section: Section;
  /** Values of the `${…}` names that the section uses. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Told of each call, with the part of the pass that made it. */
  readonly onCall: (call: ObservedCall, part: Part) => void;
}

export type Part = 'observe' | 'apply' | 'remove';

/** See Keeper. */
export function keeper<Section, Wanted, Actual>(
  kind: Kind<Section, Wanted, Actual>,
  member: Member,
  options: KeeperOptions<Section>,
): Keeper<Section> {
  let recorded: Record<string, string> = {};
  let { section } = options;
  /** What a pass that was stopped said that it had written. */
  let written: readonly string[] = [];

  /** Each pass takes place an hour after the one before: what was made shows everywhere by then. */
  let hours = 0;

  function start(stop: Stop | undefined) {
    hours += 1;
    const run = {
      part: 'observe' as Part,
      calls: [] as ObservedCall[],
      wrote: [] as string[],
      counted: 0,
      dead: false,
      busy: 0,
    };
    const around = async <T>(call: () => Promise<T>): Promise<T> => {
      if (run.dead) throw new Stopped('the process is gone');
      if (run.part !== 'observe') run.counted += 1;
      const hit = run.part !== 'observe' && run.counted === stop?.at;
      if (hit) run.dead = true;
      if (hit && stop?.call === 'unsent') throw new Stopped('stopped before this call was sent');
      run.busy += 1;
      try {
        const answer = await call();
        if (hit) throw new Stopped('stopped before this call was answered');
        return answer;
      } finally {
        run.busy -= 1;
      }
    };
    const onCall = (call: ObservedCall) => {
      if (run.dead) return;
      run.calls.push(call);
      options.onCall(call, run.part);
    };
    let fresh = { ...recorded };
    const context: WritingContext = {
      account: member.account,
      clients: clientsOf(member.account, { onCall, around }),
      get recorded() {
        return fresh;
      },
      now: () => new Date(Date.now() + hours * 3_600_000),
      wrote: (differences) => run.wrote.push(...differences.map(fieldOf)),
      record(outputs) {
        if (run.dead) return;
        fresh = Object.fromEntries(
          Object.entries({ ...fresh, ...outputs }).filter((entry): entry is [string, string] => !!entry[1]),
        );
        if (stop?.records !== 'lost') recorded = fresh;
      },
      eventually,
    };
    const { region } = member.account;
    const lookup = (name: string) => ({ region, ...options.values })[name] ?? fresh[name];
    const wanted = () => kind.render(section, lookup, member.account);
    const over = async (work: Promise<void>): Promise<boolean> => {
      let stopped = false;
      await work.catch((error: unknown) => {
        if (!run.dead) throw error;
        stopped = true;
      });
      while (run.busy > 0) await pause(5);
      if (!stopped && !run.dead) recorded = fresh;
      return run.dead;
    };
    return { run, context, wanted, over };
  }

  async function look(run = start(undefined)): Promise<Outcome & { actual?: Actual }> {
    const { calls } = run.run;
    const observed = await kind.observe(run.wanted(), run.context);
    const writing = calls.filter((call) => call.writes).map((call) => call.command);
    if (writing.length > 0) throw new Error(`observing ${kind.name} called ${writing.join(', ')}`);
    const found = { state: observed.state, calls, stopped: false };
    if (observed.state === 'unowned' || observed.state === 'pending') {
      return { ...found, comparison: undefined };
    }
    const actual = observed.state === 'present' ? observed.actual : undefined;
    if (actual !== undefined) run.context.record(kind.outputs(actual));
    const comparison = kind.diff(run.wanted(), actual);
    return { ...found, comparison, ...(actual === undefined ? {} : { actual }) };
  }

  return {
    look: () => look(),
    async pass(stop) {
      const run = start(stop);
      const outcome = await look(run);
      const { comparison, actual } = outcome;
      const before = takenOver(kind, actual, run.context.recorded);
      if (comparison && before && comparison.blocked.length === 0) {
        run.context.record(before);
        recorded = { ...recorded, ...before };
        // What it was is saved first; the next pass changes it.
        if (comparison.differences.length > 0) return { ...outcome, state: 'pending' };
      }
      const fields = (comparison?.differences ?? []).map(fieldOf);
      expectNone(
        'was said to be written, and differs',
        written.filter((field) => fields.includes(field)),
      );
      written = [];
      if (!comparison || comparison.differences.length === 0) return outcome;
      run.run.part = 'apply';
      const change = { wanted: run.wanted(), actual, differences: comparison.differences };
      const stopped = await run.over(kind.apply(change, run.context));
      if (stopped) written = run.run.wrote;
      else
        expectNone(
          'was not said to be written',
          fields.filter((field) => !run.run.wrote.includes(field)),
        );
      return { ...outcome, stopped };
    },
    async remove(stop) {
      const run = start(stop);
      run.run.part = 'remove';
      const stopped = await run.over(kind.remove(run.wanted(), run.context));
      return { stopped, calls: run.run.calls };
    },
    recorded: () => recorded,
    revise(revised) {
      section = revised;
    },
    forget() {
      recorded = {};
    },
  };
}

function fieldOf({ resource, path }: Difference): string {
  return `${resource} ${path}`;
}

function expectNone(what: string, fields: readonly string[]): void {
  if (fields.length > 0) throw new Error(`${fields.join(', ')} ${what}`);
}

/** As a pass does it, only faster: the emulator is consistent at once. */
async function eventually<T>(call: () => Promise<T>, alsoWhen: readonly string[] = []): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const again = error instanceof NotYetConsistent || alsoWhen.includes((error as Error).name);
      if (!again || attempt === 4) throw error;
      await pause(20 * attempt);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
