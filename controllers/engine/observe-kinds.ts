import type { MemberClients } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { KindAccount, KindContext, Observation } from '../kinds/kind.ts';
import { type KeptKind, kindAccount, namesOf } from './desired.ts';
import { eventually } from './eventually.ts';

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
