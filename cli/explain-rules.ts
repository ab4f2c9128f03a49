import { randomUUID } from 'node:crypto';
import { factsOf, rulesOf } from '../controllers/fleet/onboarding.ts';
import type { Table } from '../shared/aws/main-clients.ts';
import { createOrganization, type Organization } from '../shared/aws/organization.ts';
import type { Config } from '../shared/deployment/config.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import { formatBaseline } from '../shared/domain/baseline.ts';
import { type AccountFacts, type Explanation, explain, type Rules } from '../shared/domain/rules.ts';
import { currentRules } from '../shared/store/rules.ts';
import { assumeApiRole } from './api-role.ts';
import { connect } from './client.ts';
import { findAccount } from './fleet.ts';
import { printJson, printTable, say } from './output.ts';
import { validRules } from './rules-file.ts';

/** What `rules explain` was given. */
export interface ExplainOptions {
  readonly file?: string;
  readonly json?: boolean;
}

/** `rules explain`: what the rules choose now; what the account has may have been chosen earlier, or by a person. */
export async function explainRules(id: string, options: ExplainOptions): Promise<void> {
  const file = options.file === undefined ? undefined : await validRules(options.file);
  const { config, table } = await connect();
  const { record } = await findAccount(table, id);
  const rules = file?.rules ?? (await holding(table, config));
  const facts = await knownOf(record, rules, config);
  const explanation = explain(rules, facts);
  if (options.json)
    return printJson({ accountId: record.accountId, ...explanation, facts, has: hasOf(record) });
  print(record, explanation, facts);
}

async function holding(table: Table, config: Config): Promise<Rules> {
  return (await currentRules(table)) ?? rulesOf(config);
}

/** What the rules look at; the organization is asked through the inspecting role, if they look at what only it knows. */
async function knownOf(record: AccountRecord, rules: Rules, config: Config): Promise<AccountFacts> {
  const { accountId, name, tags } = record;
  let organization: Promise<Organization> | undefined;
  const asked = () => {
    organization ??= organizationOf(config);
    return organization;
  };
  const lazily = {
    place: async (of: string) => (await asked()).place(of),
    tags: async (of: string) => ((await (await asked()).describe(of)) ? (await asked()).tags(of) : {}),
  };
  return factsOf({ accountId, name, tags, inOrganization: true }, rules, lazily);
}

async function organizationOf(config: Config): Promise<Organization> {
  const { access } = await assumeApiRole(config, `rules-${randomUUID()}`);
  return createOrganization(config, access);
}

function hasOf({ baseline, baselineBy }: AccountRecord) {
  return baseline ? { baseline, by: baselineBy ?? 'request' } : null;
}

function print(record: AccountRecord, explanation: Explanation, { place, tags }: AccountFacts): void {
  const rows = explanation.considered.map(({ rule, fits, why }) => [String(rule), fits ? 'fits' : '–', why]);
  if (rows.length > 0) printTable(['RULE', '', 'WHY'], rows);
  if (place) say(`Account ${record.accountId} is in ${place.path}.`);
  const shown = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  if (shown.length > 0) say(`Its tags are ${shown.join(', ')}.`);
  say(`The rules choose ${explanation.baseline}. ${explanation.why}`);
  const { baseline, baselineBy } = record;
  if (!baseline) {
    say('It is not kept, and has no baseline.');
    return;
  }
  const by = baselineBy === 'rules' ? 'the rules chose it' : 'a person named it, so the rules leave it';
  say(`It is on ${formatBaseline(baseline)}: ${by}.`);
}
