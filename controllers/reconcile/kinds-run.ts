import type { AccountRecord } from '../../shared/account.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/config.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { Difference } from '../../shared/status.ts';
import {
  type AnyKind,
  type Blocked,
  type Comparison,
  type KindAccount,
  type KindContext,
  type Observation,
  WAITING_FOR_OUTPUTS,
} from '../kinds/kind.ts';
import { type KeptKind, kindAccount, namesOf } from './desired.ts';
import { eventually } from './eventually.ts';

/** What became of one kind in a pass. */
export interface KindOutcome {
  readonly kind: AnyKind;
  /** Written, or with action `reported` when nothing was to be written; those that are blocked included. */
  readonly differences: readonly Difference[];
  /** What others added within ours. */
  readonly foreign: readonly Difference[];
  /** What should be known whatever the state. */
  readonly warnings?: readonly string[];
  readonly state:
    | { readonly is: 'inDesiredState'; readonly note?: string }
    /** Differs, and was left so: why. */
    | { readonly is: 'held' }
    | { readonly is: 'blocked'; readonly reason: string; readonly message: string }
    | { readonly is: 'settling'; readonly message: string; readonly retryAfterSeconds: number }
    | { readonly is: 'failed'; readonly error: unknown }
    /** Of a retiring account: nothing of ours is there any more, or what is there stays. */
    | { readonly is: 'removed'; readonly reason: 'Removed' | 'Left'; readonly message: string };
  /** Of the kind that verifies access: the role that is wanted, and the trust policy that stands now. */
  readonly role?: { readonly arn: string; readonly trust: PolicyInput | 'none' };
  /** Of that kind, when it wrote: puts the trust back that admitted us before. */
  readonly restore?: () => Promise<void>;
}

/** One account as the kinds of a pass work on it. `outputs` grows as things are found and made. */
export interface Workplace {
  readonly record: AccountRecord;
  readonly config: Config;
  readonly outputs: Record<string, string>;
}

/** A kind that has been looked at. */
export interface Seen extends KeptKind {
  readonly account: KindAccount;
  readonly observation: Observation<unknown> | { readonly state: 'failed'; readonly error: unknown };
}

/** Looks at every kind at once; one that fails does not stop the others. Adds what was found to the outputs. */
export async function observeKinds(
  kept: readonly KeptKind[],
  place: Workplace,
  clients: MemberClients,
): Promise<Seen[]> {
  const recorded = { ...place.outputs };
  const account = kindAccount(place.record, place.config, kept);
  return Promise.all(
    kept.map(async ({ kind, section }): Promise<Seen> => {
      try {
        const wanted = render({ kind, section, account }, place, recorded);
        const observation = await kind.observe(wanted, contextFor(account, place, clients, recorded));
        if (observation.state === 'present') Object.assign(place.outputs, kind.outputs(observation.actual));
        return { kind, section, account, observation };
      } catch (error) {
        return { kind, section, account, observation: { state: 'failed', error } };
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
  write: { held: boolean; clients: (seen: Seen, wanted: unknown) => Promise<MemberClients> },
): Promise<KindOutcome> {
  const compared = compareKind(seen, place);
  if (!('comparison' in compared)) return compared;
  const { kind, account } = seen;
  const { comparison, wanted } = compared;
  const blocked = comparison.blocked.map(({ difference }) => difference);
  const { foreign, note, warnings } = comparison;
  const reported = comparison.differences.map(
    (difference): Difference => ({ ...difference, action: 'reported' }),
  );
  const actual = seen.observation.state === 'present' ? seen.observation.actual : undefined;
  const found = { kind, foreign, ...(warnings && { warnings }), ...roleOf(kind, wanted, actual) };
  let written = {};
  if (comparison.differences.length > 0) {
    if (write.held) return { ...found, differences: [...reported, ...blocked], state: { is: 'held' } };
    const change = { wanted, actual, differences: comparison.differences };
    try {
      const context = contextFor(account, place, await write.clients(seen, wanted), place.outputs);
      const restore = kind.restore && account.entry && (() => kind.restore?.(change, context));
      written = { ...roleOf(kind, wanted, wanted), ...(restore && { restore }) };
      await kind.apply(change, context);
    } catch (error) {
      const state = { is: 'failed', error } as const;
      return { ...found, ...written, differences: [...reported, ...blocked], state };
    }
  }
  const [first] = comparison.blocked.toSorted((one, other) => waits(one) - waits(other));
  return {
    ...found,
    ...written,
    differences: [...comparison.differences, ...blocked],
    state: first
      ? { is: 'blocked', reason: first.reason, message: first.message }
      : { is: 'inDesiredState', ...(note && { note }) },
  };
}

/** What waits for others says least about what stands in the way. */
function waits({ reason }: Blocked): number {
  return reason === WAITING_FOR_OUTPUTS ? 1 : 0;
}

function roleOf(kind: AnyKind, wanted: unknown, standing: unknown): Pick<KindOutcome, 'role'> {
  if (!kind.role) return {};
  const trust = standing === undefined ? 'none' : kind.role(standing).trustPolicy;
  return { role: { arn: kind.role(wanted).arn, trust } };
}

/** What the account is to have of a kind, with the outputs known by now. @throws InvalidDesiredState */
export function render(
  { kind, section, account }: Pick<Seen, 'kind' | 'section' | 'account'>,
  place: Workplace,
  outputs: Readonly<Record<string, string>>,
): unknown {
  return kind.render(section, namesOf(place.record, place.config, outputs), account);
}

/** What a kind works with: `recorded` as it stands now; what it records goes into the place. */
export function contextFor(
  account: KindAccount,
  place: Workplace,
  clients: MemberClients,
  recorded: Readonly<Record<string, string>>,
): KindContext {
  return {
    account,
    clients,
    recorded,
    now: () => new Date(),
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
