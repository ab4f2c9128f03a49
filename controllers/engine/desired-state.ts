import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import type { Lookup } from '../../shared/domain/interpolate.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import { zodProblems } from '../../shared/domain/requests.ts';
import { splitOutputKey } from '../../shared/domain/unit.ts';
import { keyOfName } from '../kinds/graph.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { regionOf } from '../kinds/kind-account.ts';
import { sizeProblem } from '../kinds/size.ts';
import type { LoadBaseline, ManagedKind, Run, RunDeps, Site } from './model.ts';

/** A loader that reads each baseline version once: a published version never changes. */
export function rememberBaselines(load: LoadBaseline): LoadBaseline {
  const known = new Map<string, ReturnType<LoadBaseline>>();
  return async (reference) => {
    const key = formatBaseline(reference);
    const loading = known.get(key) ?? load(reference);
    known.set(key, loading);
    const forget = () => void (known.get(key) === loading && known.delete(key));
    try {
      const baseline = await loading;
      if (!baseline) forget();
      return baseline;
    } catch (error) {
      forget();
      throw error;
    }
  };
}

/**
 * The kinds that a baseline manages, in the order of the list. Each section is parsed again, since this code may be newer than the
 * code that published the baseline.
 * @throws InvalidDesiredState
 */
export function managedKinds(baseline: BaselineDocument, kinds: readonly AnyKind[]): ManagedKind[] {
  return kinds.flatMap((kind) => {
    const section = baseline.sections[kind.name];
    if (section === undefined) return [];
    const parsed = check(kind.section, section);
    if (parsed.success) return [{ kind, section: parsed.data }];
    const problems = zodProblems(parsed.error, kind.name);
    throw new InvalidDesiredState(
      `Baseline ${formatBaseline(baseline)} is not valid for this version of Orgkeeper: ${problems[0]?.path} ${problems[0]?.message}.`,
      problems,
      { remedy: 'Publish a corrected version and assign it.' },
    );
  });
}

/** What the account should have, and in which regions; or the error that prevents knowing it. */
export type DesiredState = ManagedState | { readonly error: unknown };

export interface ManagedState {
  readonly managed: readonly ManagedKind[];
  readonly regions: Run['regions'];
  /** True if runs may enable a region that is not enabled in the account. */
  readonly enableRegions: boolean;
  /** What the account exports: a text with `${…}` names by the name of the export. */
  readonly exports: Readonly<Record<string, string>>;
}

export async function desiredState(
  record: AccountRecord,
  deps: Pick<RunDeps, 'config' | 'kinds' | 'loadBaseline'>,
): Promise<DesiredState> {
  const reference = record.baseline;
  try {
    const baseline = reference && (await deps.loadBaseline(reference));
    if (baseline) {
      const regions = regionsOf(record, baseline, deps.config.region);
      const { enableRegions = false, exports = {} } = baseline;
      const managed = managedKinds(baseline, deps.kinds);
      requireSize(managed, regions, baseline);
      return { managed, regions, enableRegions, exports };
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

/** @throws InvalidDesiredState if the status of the account could not name everything: nothing is made then */
function requireSize(
  managed: readonly ManagedKind[],
  regions: Run['regions'],
  baseline: BaselineDocument,
): void {
  const found = sizeProblem(managed, regions.length);
  if (!found) return;
  const { kind: path, message } = found;
  throw new InvalidDesiredState(
    `Baseline ${formatBaseline(baseline)} is too large for this account: ${message}.`,
    [{ path, message }],
    {
      reason: 'TooManyOutputs',
      remedy: 'Publish a version with less in this section, or register the account in fewer regions.',
    },
  );
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

/** The output that a name means in a section of this place: an output of this region, of the region that the name gives, or a global one. */
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
