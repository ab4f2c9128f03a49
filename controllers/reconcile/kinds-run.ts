import type { AccountRecord } from '../../shared/account.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/config.ts';
import type { Difference } from '../../shared/status.ts';
import type { AnyKind, Comparison, KindContext, Observation } from '../kinds/kind.ts';
import { type KeptKind, kindAccount, namesOf } from './desired.ts';
import { eventually } from './eventually.ts';

/** What became of one kind in a pass. */
export interface KindOutcome {
  readonly kind: AnyKind;
  /** Written, or with action `reported` when nothing was to be written; those that are blocked included. */
  readonly differences: readonly Difference[];
  /** What others added within ours. */
  readonly foreign: readonly Difference[];
  readonly state:
    | { readonly is: 'inDesiredState' }
    /** Differs, and was left so: why. */
    | { readonly is: 'held' }
    | { readonly is: 'blocked'; readonly reason: string; readonly message: string }
    | { readonly is: 'settling'; readonly message: string; readonly retryAfterSeconds: number }
    | { readonly is: 'failed'; readonly error: unknown };
}

/** One account as the kinds of a pass work on it. `outputs` grows as things are found and made. */
export interface Workplace {
  readonly record: AccountRecord;
  readonly config: Config;
  readonly outputs: Record<string, string>;
}

/** A kind that has been looked at. */
export interface Seen extends KeptKind {
  readonly observation: Observation<unknown> | { readonly state: 'failed'; readonly error: unknown };
}

/** Looks at every kind at once; one that fails does not stop the others. Adds what was found to the outputs. */
export async function observeKinds(
  kept: readonly KeptKind[],
  place: Workplace,
  clients: MemberClients,
): Promise<Seen[]> {
  const recorded = { ...place.outputs };
  return Promise.all(
    kept.map(async ({ kind, section }): Promise<Seen> => {
      try {
        const wanted = render({ kind, section }, place, recorded);
        const observation = await kind.observe(wanted, contextFor(place, clients, recorded));
        if (observation.state === 'present') Object.assign(place.outputs, kind.outputs(observation.actual));
        return { kind, section, observation };
      } catch (error) {
        return { kind, section, observation: { state: 'failed', error } };
      }
    }),
  );
}

/** What differs in one kind with the outputs known by now; undefined when it could not be compared. */
export function compareKind(
  seen: Seen,
  place: Workplace,
): { comparison: Comparison; wanted: unknown } | KindOutcome {
  const { kind, observation } = seen;
  const none = { kind, differences: [], foreign: [] };
  switch (observation.state) {
    case 'failed':
      return { ...none, state: { is: 'failed', error: observation.error } };
    case 'settling':
      return { ...none, state: { is: 'settling', ...pick(observation) } };
    case 'foreign':
      return {
        ...none,
        state: {
          is: 'blocked',
          reason: 'ForeignResource',
          message: `${observation.message} ${observation.remedy}`,
        },
      };
    case 'absent':
    case 'present':
      try {
        const wanted = render(seen, place, place.outputs);
        const actual = observation.state === 'present' ? observation.actual : undefined;
        return { comparison: kind.diff(wanted, actual), wanted };
      } catch (error) {
        return { ...none, state: { is: 'failed', error } };
      }
  }
}

/** True when a comparison has something to write. */
export function differs(compared: ReturnType<typeof compareKind>): boolean {
  return 'comparison' in compared && compared.comparison.differences.length > 0;
}

/**
 * Brings one kind to its desired state: compares with the outputs known by now and, unless `held`, writes what
 * differs with clients of its own that may write. Never throws: what went wrong is the outcome.
 */
export async function keepKind(
  seen: Seen,
  place: Workplace,
  write: { held: boolean; clients: (kind: AnyKind, wanted: unknown) => Promise<MemberClients> },
): Promise<KindOutcome> {
  const compared = compareKind(seen, place);
  if (!('comparison' in compared)) return compared;
  const { kind } = seen;
  const { comparison, wanted } = compared;
  const blocked = comparison.blocked.map(({ difference }) => difference);
  const { foreign } = comparison;
  const reported = comparison.differences.map(
    (difference): Difference => ({ ...difference, action: 'reported' }),
  );
  if (comparison.differences.length > 0) {
    if (write.held) return { kind, differences: [...reported, ...blocked], foreign, state: { is: 'held' } };
    const actual = seen.observation.state === 'present' ? seen.observation.actual : undefined;
    try {
      const clients = await write.clients(kind, wanted);
      const change = { wanted, actual, differences: comparison.differences };
      await kind.apply(change, contextFor(place, clients, place.outputs));
    } catch (error) {
      return { kind, differences: [...reported, ...blocked], foreign, state: { is: 'failed', error } };
    }
  }
  const [first] = comparison.blocked;
  return {
    kind,
    differences: [...comparison.differences, ...blocked],
    foreign,
    state: first ? { is: 'blocked', reason: first.reason, message: first.message } : { is: 'inDesiredState' },
  };
}

function render(
  { kind, section }: KeptKind,
  place: Workplace,
  outputs: Readonly<Record<string, string>>,
): unknown {
  const account = kindAccount(place.record, place.config);
  return kind.render(section, namesOf(place.record, place.config, outputs), account);
}

function contextFor(
  place: Workplace,
  clients: MemberClients,
  recorded: Readonly<Record<string, string>>,
): KindContext {
  return {
    account: kindAccount(place.record, place.config),
    clients,
    recorded,
    record(outputs) {
      for (const [name, value] of Object.entries(outputs)) {
        if (value === undefined) delete place.outputs[name];
        else place.outputs[name] = value;
      }
    },
    eventually,
  };
}

function pick({ message, retryAfterSeconds }: { message: string; retryAfterSeconds: number }) {
  return { message, retryAfterSeconds };
}
