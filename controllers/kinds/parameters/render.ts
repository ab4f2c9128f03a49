import { InvalidDesiredState } from '../../../shared/errors.ts';
import { interpolateDeep, type Lookup, namesIn } from '../../../shared/interpolate.ts';
import { inPlainWords } from '../../../shared/plain-words.ts';
import { zodProblems } from '../../../shared/requests.ts';
import type { KindAccount } from '../kind.ts';
import { type Parameter, ParametersSection } from './section.ts';

/** The parameters that an account is to have. */
export interface Parameters {
  readonly owner: string;
  readonly parameters: readonly WantedParameter[];
}

/** A parameter that the account is to have, its names filled in as far as they are known. */
export interface WantedParameter extends Parameter {
  /** Names of `${…}` that are not known yet: it is not written before. */
  readonly waitsFor: readonly string[];
}

/** See Kind. Problems have paths like `parameters[2].value`. */
export function render(section: ParametersSection, lookup: Lookup, account: KindAccount): Parameters {
  const parsed = ParametersSection.safeParse(interpolateDeep(section, lookup), { error: inPlainWords });
  if (!parsed.success) {
    const problems = zodProblems(parsed.error, 'parameters');
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new InvalidDesiredState(`The parameters make no sense for this account: ${said}.`, problems, {
      remedy: 'Correct the baseline, or register the account again with the values that it needs.',
    });
  }
  const parameters = parsed.data.map((parameter) => ({ ...parameter, waitsFor: unknownNames(parameter) }));
  return { owner: account.owner, parameters };
}

function unknownNames({ value, description, tags }: Parameter): string[] {
  return [...new Set([value, description, ...Object.values(tags)].flatMap(namesIn))];
}
