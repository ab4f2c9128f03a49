import type { Difference } from '../../../shared/domain/status.ts';
import { differencesOf, taggedLikeOurs, withoutNames } from '../comparison.ts';
import type { Blocked, Comparison } from '../kind.ts';
import type { ActualParameter, ActualParameters } from './observe.ts';
import { managedTags } from './ownership.ts';
import type { Parameters, WantedParameter } from './wanted.ts';

const difference = differencesOf('parameters');

/** See Kind. `resource` is the parameter's name; paths: empty, `value`, `type`, `tier`, `description`, `tags.<key>`. */
export function compare(wanted: Parameters, actual: ActualParameters | undefined): Comparison {
  const each = wanted.parameters.map((parameter) =>
    compareOne(parameter, actual?.found[parameter.name], wanted.owner),
  );
  const dropped = (actual?.dropped ?? []).map(({ name }) => difference(name, '', { actual: 'dropped' }));
  const copies = [
    ...Object.values(actual?.found ?? {}).flatMap(({ name, whose }) => (whose === 'lookalike' ? [name] : [])),
    ...(actual?.lookalikes ?? []),
  ];
  const warnings = taggedLikeOurs(copies.map((name) => `parameter ${name}`));
  return {
    differences: [...each.flatMap(({ differences }) => differences), ...dropped],
    blocked: each.flatMap(({ blocked }) => blocked),
    unowned: copies.map((name) => difference(name, 'tags', { actual: 'TaggedLikeOurs' }, 'reported')),
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
  };
}

/** True if the change can only be made by deleting the parameter and making it again. Pure. */
export function mustBeReplaced(wanted: WantedParameter, actual: ActualParameter): boolean {
  return wanted.type !== actual.type || (wanted.tier === 'Standard' && actual.tier !== 'Standard');
}

/** The fields that one call writes. */
export const CONTENT = ['value', 'type', 'tier', 'description'] as const;

/**
 * True if a difference is not written while another one is left: one call writes the content, and a parameter of another type or tier
 * is made again, with its tags. Pure.
 */
export function isWrittenWith(other: Difference, left: Difference): boolean {
  const isContent = ({ path }: Difference) => CONTENT.some((field) => field === path);
  const isReplaced = left.path === 'type' || left.path === 'tier';
  return other.resource === left.resource && isContent(left) && (isReplaced || isContent(other));
}

type Part = Pick<Comparison, 'differences' | 'blocked'>;

function compareOne(wanted: WantedParameter, actual: ActualParameter | undefined, owner: string): Part {
  if (wanted.problems.length > 0) return { differences: [], blocked: [invalid(wanted, actual)] };
  if (wanted.waitsFor.length > 0) return { differences: [], blocked: [waiting(wanted, actual)] };
  if (!actual) {
    return {
      differences: [difference(wanted.name, '', { desired: shown(wanted.value) })],
      blocked: [],
    };
  }
  if (actual.whose === 'unowned') return { differences: [], blocked: [unowned(wanted, actual)] };
  const differences = [
    ...field(wanted.name, 'value', wanted.value, actual.value),
    ...field(wanted.name, 'type', wanted.type, actual.type),
    ...field(wanted.name, 'tier', wanted.tier, actual.tier),
    ...field(wanted.name, 'description', wanted.description, actual.description),
    ...Object.entries(managedTags(wanted, owner, actual.whose)).flatMap(([key, value]) =>
      field(wanted.name, `tags.${key}`, value, actual.tags[key]),
    ),
  ];
  if (actual.whose === 'ours' || !mustBeReplaced(wanted, actual)) return { differences, blocked: [] };
  return { differences: [], blocked: differences.map((one) => replacement(one)) };
}

function waiting(wanted: WantedParameter, actual: ActualParameter | undefined): Blocked {
  return {
    ...withoutNames(`The parameter ${wanted.name}`, wanted.waitsFor),
    difference: actual
      ? reportedValue(wanted, actual)
      : difference(wanted.name, '', { desired: shown(wanted.value) }, 'reported'),
  };
}

function invalid(wanted: WantedParameter, actual: ActualParameter | undefined): Blocked {
  const { name, problems } = wanted;
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return {
    reason: 'InvalidDesiredState',
    message:
      `The parameter ${name} is not valid for this account (${said}): correct the baseline, or register the account ` +
      'again with other values.',
    difference: reportedValue(wanted, actual),
  };
}

function unowned(wanted: WantedParameter, actual: ActualParameter): Blocked {
  return {
    reason: 'ForeignResource',
    message: `The parameter ${wanted.name} belongs to another Orgkeeper: drop it from one of the baselines.`,
    difference: reportedValue(wanted, actual),
  };
}

function reportedValue({ name, value }: WantedParameter, actual: ActualParameter | undefined): Difference {
  return difference(name, 'value', { desired: shown(value), actual: shown(actual?.value) }, 'reported');
}

function replacement(found: Difference): Blocked {
  return {
    reason: 'NeedsReplacement',
    message:
      `The parameter ${found.resource} existed before Orgkeeper, and its type or tier cannot be changed in place: ` +
      'delete the parameter, and it is made again; or put its type and tier into the baseline.',
    difference: { ...found, action: 'reported' },
  };
}

function field(name: string, path: string, desired: string, actual: string | undefined): Difference[] {
  return desired === actual
    ? []
    : [difference(name, path, { desired: shown(desired), actual: shown(actual) })];
}

/** A value, shortened for the status: values have up to 8 KB, and a status holds many. */
function shown(value: string | undefined): string | undefined {
  return value !== undefined && value.length > 200
    ? `${value.slice(0, 200)}… (${value.length} characters)`
    : value;
}
