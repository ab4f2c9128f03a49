import type { Table } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { InvalidDesiredState, UnreadableItem } from '../../shared/domain/errors.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import { type Rollout, versionForNew } from '../../shared/domain/rollout.ts';
import {
  type AccountFacts,
  baselineByRules,
  factsNeeded,
  isWithin,
  type Rules,
  type RulesDocument,
} from '../../shared/domain/rules.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { openRolloutOf } from '../../shared/store/rollouts.ts';
import { currentRules } from '../../shared/store/rules.ts';

/** What is known about an account that needs a baseline, without a call to the organization. */
export interface Newcomer {
  readonly accountId: string;
  readonly name: string;
  /** Absent for an account outside of the organization. */
  readonly described?: OrganizationAccount | undefined;
  /** Tags of the registration, in addition to the account's own. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The baseline that it has: its version stays where the rules name that baseline without one. */
  readonly has?: BaselineReference | undefined;
}

/** Decides which accounts are onboarded, and with which baseline, by the configuration and the published rules. */
export interface Onboarding {
  /** Whether this account or unit is within the units of `onboard`. */
  onboards(
    at: { readonly accountId: string; readonly units?: readonly string[] } | { unit: string },
  ): Promise<boolean>;
  /** @throws InvalidDesiredState if the baseline that the rules choose was never published */
  baseline(account: Newcomer): Promise<BaselineReference>;
}

/** The dependencies of onboarding. */
export interface OnboardingDeps {
  readonly config: Config;
  readonly table: Table;
  readonly organization: Pick<Organization, 'place' | 'tags'>;
}

/** Reads rules, baselines and roll-outs once, so create one for each event or listing. Reads from the organization only the facts that rules need. */
export function createOnboarding(deps: OnboardingDeps): Onboarding {
  const { config, table, organization } = deps;
  const published = new Map<string, Promise<BaselineReference | undefined>>();
  const rollouts = new Map<string, Promise<Rollout | undefined>>();
  let rules: Promise<RulesDocument | undefined> | undefined;

  function find(reference: string): Promise<BaselineReference | undefined> {
    const known = published.get(reference) ?? findBaseline(table, reference);
    published.set(reference, known);
    return known;
  }

  /** The open roll-out of a version; none if it cannot be read, which holds up no new account. */
  function rolloutOf(baseline: BaselineReference): Promise<Rollout | undefined> {
    const name = formatBaseline(baseline);
    const read = async () => {
      try {
        return await openRolloutOf(table, baseline);
      } catch (error) {
        if (error instanceof UnreadableItem) return undefined;
        throw error;
      }
    };
    const known = rollouts.get(name) ?? read();
    rollouts.set(name, known);
    return known;
  }

  return {
    async onboards(at) {
      const units = config.onboard.organizationalUnits;
      if (!units) return true;
      const place =
        'unit' in at ? await organization.place(at.unit) : await organization.place(at.accountId, at.units);
      return place !== undefined && units.some((unit) => isWithin(unit, place));
    },
    async baseline(account) {
      rules ??= currentRules(table);
      const holding = (await rules) ?? rulesOf(config);
      const { baseline: named } = baselineByRules(
        holding,
        await factsOf(requestOf(account), holding, organization),
      );
      if (account.has && named === account.has.name) return account.has;
      const found = await find(named);
      if (found) return versionForNew(await rolloutOf(found), found);
      throw new InvalidDesiredState(`Baseline ${named}, which new accounts get, was never published.`, [], {
        reason: 'BaselineMissing',
        remedy: 'Publish it, or publish rules that name another one.',
      });
    },
  };
}

/** The rules used while none are published: the default baseline for all accounts. Pure. */
export function rulesOf(config: Pick<Config, 'defaultBaseline'>): Rules {
  return { rules: [], default: config.defaultBaseline };
}

interface FactsRequest extends Pick<Newcomer, 'accountId' | 'name' | 'tags'> {
  readonly inOrganization: boolean;
  /** Its units, if already known. */
  readonly units?: readonly string[] | undefined;
}

function requestOf({ described, ...rest }: Newcomer): FactsRequest {
  return { ...rest, inOrganization: described !== undefined, units: described?.units };
}

/** The facts about one account that these rules need. */
export async function factsOf(
  { accountId, name, tags, ...known }: FactsRequest,
  rules: Rules,
  organization: OnboardingDeps['organization'],
): Promise<AccountFacts> {
  const needed = factsNeeded(rules);
  const [place, own] = await Promise.all([
    known.inOrganization && needed.place ? organization.place(accountId, known.units) : undefined,
    known.inOrganization && needed.tags ? organization.tags(accountId) : {},
  ]);
  return { name, place, tags: { ...own, ...tags } };
}
