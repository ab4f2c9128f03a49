import { actionsOf } from '../../shared/aws/actions.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { Lookup } from '../../shared/domain/interpolate.ts';
import { inPlainWords } from '../../shared/domain/plain-words.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import { zodProblems } from '../../shared/domain/requests.ts';
import { splitOutputKey } from '../../shared/domain/unit.ts';
import { keyOfName } from '../kinds/graph.ts';
import type { AnyKind, Entry, KindAccount, PolicyDocument } from '../kinds/kind.ts';
import type { LoadBaseline, ManagedKind, Run, RunDeps, Site } from './model.ts';

/** A loader that asks for each baseline version once: what is published never changes. */
export function rememberBaselines(load: LoadBaseline): LoadBaseline {
  const known = new Map<string, BaselineDocument>();
  return async (reference) => {
    const key = formatBaseline(reference);
    const baseline = known.get(key) ?? (await load(reference));
    if (baseline) known.set(key, baseline);
    return baseline;
  };
}

/**
 * The kinds that a baseline keeps, in the order of the list. A section is parsed again, since the code may be newer
 * than what was published.
 * @throws InvalidDesiredState
 */
export function managedKinds(baseline: BaselineDocument, kinds: readonly AnyKind[]): ManagedKind[] {
  return kinds.flatMap((kind) => {
    const section = baseline.sections[kind.name];
    if (section === undefined) return [];
    const parsed = kind.section.safeParse(section, { error: inPlainWords });
    if (parsed.success) return [{ kind, section: parsed.data }];
    const problems = zodProblems(parsed.error, kind.name);
    throw new InvalidDesiredState(
      `Baseline ${formatBaseline(baseline)} is not valid for this version of Orgkeeper: ${problems[0]?.path} ${problems[0]?.message}.`,
      problems,
      { remedy: 'Publish a corrected version and assign it.' },
    );
  });
}

/** What the account is to have, and where; or why that cannot be known. */
export type DesiredState = ManagedState | { readonly error: unknown };

export interface ManagedState {
  readonly managed: readonly ManagedKind[];
  readonly regions: Run['regions'];
  /** True if a region that is not enabled in the account is to be enabled. */
  readonly enableRegions: boolean;
}

export async function desiredState(record: AccountRecord, deps: RunDeps): Promise<DesiredState> {
  const reference = record.baseline;
  try {
    const baseline = reference && (await deps.loadBaseline(reference));
    if (baseline) {
      const regions = regionsOf(record, baseline, deps.config.region);
      const { enableRegions = false } = baseline;
      return { managed: managedKinds(baseline, deps.kinds), regions, enableRegions };
    }
    const name = reference ? formatBaseline(reference) : 'none';
    throw new InvalidDesiredState(`The account's baseline ${name} was never published.`, [], {
      reason: 'BaselineMissing',
      remedy: 'Publish it, or assign another with `orgkeeper baseline assign`.',
    });
  } catch (error) {
    return { error };
  }
}

/** The account as these kinds, those that its baseline keeps, see it. Pure. */
export function kindAccount(
  record: AccountRecord,
  config: Config,
  managed: readonly ManagedKind[],
): KindAccount {
  const entry = entryOf(
    record,
    config,
    managed.map(({ kind }) => kind),
  );
  return {
    accountId: record.accountId,
    partition: config.partition,
    region: regionOf(record, config),
    owner: config.mainAccountId,
    executionRolePattern: config.executionRolePattern,
    rolePolicyQuotas: config.rolePolicyQuotas,
    ...(entry && { entry }),
    ...(record.network && { network: record.network }),
  };
}

/** Where the account is kept. Pure. */
export function regionOf(record: AccountRecord, config: Config): string {
  return record.regions?.[0] ?? config.region;
}

/** The `${…}` names of one account; `outputs` are those of earlier kinds, as far as they are known. Pure. */
export function namesOf(
  record: AccountRecord,
  config: Config,
  outputs: Readonly<Record<string, string>>,
  site?: Site,
): Lookup {
  const names: Readonly<Record<string, string | undefined>> = {
    'account.id': record.accountId,
    'account.name': record.name,
    'account.email': record.email,
    'account.externalId': record.externalId,
    'main.id': config.mainAccountId,
    'main.runnerRole': config.runnerRoleArn,
    'main.apiRole': config.apiRoleArn,
    'management.id': config.managementAccountId,
    'organization.id': config.organizationId,
    partition: config.partition,
    region: regionOf(record, config),
  };
  return (name) => {
    if (Object.hasOwn(names, name)) return names[name];
    if (name.startsWith('values.')) return own(record.values, name.slice('values.'.length));
    return site ? outputOf(name, outputs, site) : own(outputs, name);
  };
}

/** The output that a name stands for in a section of this place: of its own region, of another that it names, or of none. */
function outputOf(
  name: string,
  outputs: Readonly<Record<string, string>>,
  { region, home, managed, outputsIn }: Site,
): string | undefined {
  const key = keyOfName(name, { kind: '', region }, managed, home);
  if (key === undefined) return region === home ? own(outputs, name) : undefined;
  const elsewhere = splitOutputKey(key);
  const at = elsewhere?.region ?? home;
  return own((at === region ? outputs : outputsIn(at)) ?? {}, elsewhere?.name ?? key);
}

function own(from: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

/** Reading managed policies: these calls are about the policies, whatever role has them. */
const OF_POLICIES = /^iam:GetPolicy(Version)?$/;

/**
 * How an account is entered by its execution role, with what Orgkeeper needs there to keep these kinds; undefined for
 * one that is entered by way of the organization. Pure.
 */
export function entryOf(record: AccountRecord, config: Config, kinds: readonly AnyKind[]): Entry | undefined {
  const { executionRoleArn: roleArn, externalId } = record;
  if (!roleArn) return undefined;
  return {
    roleArn,
    runnerRoleArn: config.runnerRoleArn,
    organizationId: config.organizationId,
    stsRegion: config.region,
    externalId,
    policy: permissionsOf(kinds, record, roleArn, true),
    required: permissionsOf(kinds, record, roleArn, false),
  };
}

/** Every action that the kinds declare: those about the role on the role itself, the others anywhere. */
function permissionsOf(
  kinds: readonly AnyKind[],
  record: AccountRecord,
  roleArn: string,
  keepsRole: boolean,
): PolicyDocument {
  const onRole: string[] = [];
  const anywhere: string[] = [];
  for (const kind of kinds) {
    const { read, write } = kind.permissions;
    // Where the role is its owner's it is never changed, and neither is what they bring along.
    const theirs = kind.entryRole || kind.broughtAlong?.supersedes({}, record);
    for (const action of actionsOf(theirs && !keepsRole ? read : [...read, ...write])) {
      (kind.entryRole && !OF_POLICIES.test(action) ? onRole : anywhere).push(action);
    }
  }
  const statements = [
    { Sid: 'ExecutionRole', Effect: 'Allow', Action: sorted(onRole), Resource: roleArn },
    { Sid: 'Account', Effect: 'Allow', Action: sorted(anywhere), Resource: '*' },
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) };
}

function sorted(actions: readonly string[]): string[] {
  return [...new Set(actions)].sort();
}
