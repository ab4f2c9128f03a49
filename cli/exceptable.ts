import { managedKinds, namesOf } from '../controllers/engine/desired-state.ts';
import { divideOutputs } from '../controllers/engine/places.ts';
import { kinds } from '../controllers/kinds/index.ts';
import type { AnyKind, Leaving } from '../controllers/kinds/kind.ts';
import { kindAccount, placedRecord } from '../controllers/kinds/kind-account.ts';
import type { Config } from '../shared/deployment/config.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../shared/domain/baseline.ts';
import { InvalidDesiredState } from '../shared/domain/errors.ts';
import { differenceName, dotted } from '../shared/domain/exceptions.ts';
import { likeText, meet } from '../shared/domain/glob.ts';
import { regionsOf } from '../shared/domain/region.ts';
import type { AccountStatus, Difference } from '../shared/domain/status.ts';
import { listed } from '../shared/domain/words.ts';

/** An account, and the baseline that names what it should have. */
export interface ExceptedAccount {
  readonly record: AccountRecord;
  readonly status?: AccountStatus | undefined;
  readonly baseline: BaselineDocument;
  readonly config: Config;
}

/**
 * Some name in a field, such as that of a policy: `*.description` means the description of a role, although a policy might be called
 * `x.description`. The run decides by the difference itself.
 */
const ANY = '\uFFFD';

/** The most resources that a message names. */
const MOST = 12;

/**
 * Why an exception with this path would have no effect, or too much, as a sentence; undefined if it is fine. A path may name what the
 * baseline has, in the home region, and what the last run found. Pure.
 * @param iKnow it may cover what would let somebody in
 */
export function pathProblem(path: string, iKnow: boolean, account: ExceptedAccount): string | undefined {
  const baseline = formatBaseline(account.baseline);
  const name = path.slice(0, path.indexOf(':'));
  const kind = kinds.find((one) => one.name === name);
  const sections = Object.keys(account.baseline.sections);
  if (!kind || !sections.includes(name))
    return `--path ${path} names ${name}, which is no section of the baseline ${baseline}: it has ${sections.join(', ')}.`;
  if (!kind.exceptions)
    return `--path ${path}: what the section ${name} asks for is made by request, and cannot be excepted.`;
  const resources = resourcesOf(kind, account);
  if (!resources) return undefined;
  const found = Object.entries(kind.exceptions.fields).flatMap(([field, leaving]) =>
    resources
      .map((resource) => differenceName({ kind: name, resource, path: field }))
      .filter((each) => meet(dotted(path), each))
      .map((each) => ({ name: each, leaving, isMeant: likeText(dotted(path), each.replaceAll('*', ANY)) })),
  );
  const covered = found.filter(({ leaving }) => leaving !== 'never');
  if (covered.length === 0) {
    const has = resources.map((resource) => `${name}:${dotted(resource)}`);
    return `--path ${path} names nothing that a run by the baseline ${baseline} would correct in this account: name a field of ${listed(has, MOST)}.`;
  }
  const meant = covered.filter(({ isMeant }) => isMeant);
  const letsIn = (meant.length > 0 ? meant : covered).find(({ leaving }) => leaving === KNOWINGLY);
  if (!letsIn || iKnow) return undefined;
  return `--path ${path} covers ${letsIn.name}, and to leave that may let somebody in: name a narrower path, or say --i-know.`;
}

const KNOWINGLY: Leaving = 'knowingly';

/** The resources of a kind, as differences name them; undefined if the baseline cannot be filled in for the account. */
function resourcesOf(kind: AnyKind, given: ExceptedAccount): string[] | undefined {
  const { record, status, baseline, config } = given;
  try {
    const managed = managedKinds(baseline, kinds);
    const section = managed.find((one) => one.kind === kind)?.section;
    const here = placedRecord(record, regionsOf(record, baseline, config.region), baseline);
    const { home } = divideOutputs(status?.outputs);
    const wanted = kind.render(section, namesOf(here, config, home), kindAccount(here, config, managed));
    const { differences, blocked } = kind.diff(wanted, undefined);
    const named = [...differences, ...blocked.map(({ difference }) => difference), ...seen(status)];
    return [...new Set(named.filter((one) => one.kind === kind.name).map(({ resource }) => resource))];
  } catch (error) {
    if (error instanceof InvalidDesiredState) return undefined;
    throw error;
  }
}

function seen(status: AccountStatus | undefined): Difference[] {
  return [...(status?.lastPass?.differences ?? []), ...(status?.excepted ?? [])];
}
