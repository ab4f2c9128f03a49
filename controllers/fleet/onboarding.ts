import type { Table } from '../../shared/aws/main-clients.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { BaselineReference } from '../../shared/domain/account.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import {
  type AccountFacts,
  baselineByRules,
  factsNeeded,
  isWithin,
  type Rules,
  type RulesDocument,
} from '../../shared/domain/rules.ts';
import { findBaseline } from '../../shared/store/baselines.ts';
import { currentRules } from '../../shared/store/rules.ts';

/** Of an account that is to get a baseline: what is known of it without asking the organization. */
export interface Newcomer {
  readonly accountId: string;
  readonly name: string;
  /** Absent for an account outside the organization. */
  readonly described?: OrganizationAccount | undefined;
  /** Tags that a registration gives, beside the account's own. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The baseline that it has: its version stays where the rules name that baseline without one. */
  readonly has?: BaselineReference | undefined;
}

/** Which accounts onboard by themselves, and with which baseline: the configuration and the published rules. */
export interface Onboarding {
  /** Whether accounts onboard by themselves where this account, or this unit, is. */
  onboards(
    at: { readonly accountId: string; readonly units?: readonly string[] } | { unit: string },
  ): Promise<boolean>;
  /** @throws InvalidDesiredState when the baseline that the rules name was never published */
  baseline(account: Newcomer): Promise<BaselineReference>;
}

/** What onboarding is decided by. */
export interface OnboardingDeps {
  readonly config: Config;
  readonly table: Table;
  readonly organization: Pick<Organization, 'place' | 'tags'>;
}

/** Reads rules and baselines once: made anew for each event, and for each listing. Asks the organization only for what is looked at. */
export function createOnboarding(deps: OnboardingDeps): Onboarding {
  const { config, table, organization } = deps;
  const published = new Map<string, Promise<BaselineReference | undefined>>();
  let rules: Promise<RulesDocument | undefined> | undefined;

  function find(reference: string): Promise<BaselineReference | undefined> {
    const known = published.get(reference) ?? findBaseline(table, reference);
    published.set(reference, known);
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
      if (found) return found;
      throw new InvalidDesiredState(
        `Baseline ${named} was never published, and new accounts are to get it.`,
        [],
        {
          reason: 'BaselineMissing',
          remedy: 'Publish it, or publish rules that name another one.',
        },
      );
    },
  };
}

/** The rules while none are published: the default baseline for all. Pure. */
export function rulesOf(config: Pick<Config, 'defaultBaseline'>): Rules {
  return { rules: [], default: config.defaultBaseline };
}

interface FactsRequest extends Pick<Newcomer, 'accountId' | 'name' | 'tags'> {
  readonly inOrganization: boolean;
  /** Its units, where they are known already. */
  readonly units?: readonly string[] | undefined;
}

function requestOf({ described, ...rest }: Newcomer): FactsRequest {
  return { ...rest, inOrganization: described !== undefined, units: described?.units };
}

/** What these rules look at, of one account. */
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
