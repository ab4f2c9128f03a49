import type { Problem } from '../../../shared/domain/errors.ts';
import { interpolateDeep, type Lookup, unknownIn } from '../../../shared/domain/interpolate.ts';
import { inPlainWords } from '../../../shared/domain/plain-words.ts';
import { zodProblems } from '../../../shared/domain/requests.ts';
import type { KindAccount } from '../kind.ts';
import { type Parameter, ParametersSection } from './section.ts';

/** Where its section stands in a baseline. */
const ROOT = 'parameters';

/** The parameters that an account is to have. */
export interface Parameters {
  readonly owner: string;
  readonly parameters: readonly WantedParameter[];
}

/** A parameter that the account is to have, its names filled in as far as they are known. */
export interface WantedParameter extends Parameter {
  /** Names of `${…}` that are not known yet: it is not written before. */
  readonly waitsFor: readonly string[];
  /** What SSM would refuse of it with this account's values: it is not written, and the others are. */
  readonly problems: readonly Problem[];
}

/** See Kind. What SSM would refuse is a problem of the one parameter, with a path like `parameters[2].value`. */
export function render(section: ParametersSection, lookup: Lookup, account: KindAccount): Parameters {
  const filled = interpolateDeep(section, lookup);
  const { error } = ParametersSection.safeParse(filled, { error: inPlainWords });
  const problems = error ? zodProblems(error, ROOT) : [];
  const parameters = filled.map((parameter, index) => ({
    ...parameter,
    waitsFor: unknownNames(section[index] ?? parameter, lookup),
    problems: problems.filter(({ path }) => path.startsWith(`${ROOT}[${index}]`)),
  }));
  return { owner: account.owner, parameters };
}

/** Names that are not known in a parameter as the baseline says it. */
function unknownNames({ value, description, tags }: Parameter, lookup: Lookup): string[] {
  const texts = [value, description, ...Object.values(tags)];
  return [...new Set(texts.flatMap((text) => unknownIn(text, lookup)))];
}
