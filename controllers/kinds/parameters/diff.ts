import type { Difference } from '../../../shared/domain/status.ts';
import { taggedLikeOurs, withoutNames } from '../comparison.ts';
import type { Blocked, Comparison } from '../kind.ts';
import type { ActualParameter, ActualParameters } from './actual.ts';
import type { Parameters, WantedParameter } from './render.ts';
import { keptTags } from './tags.ts';

/** See Kind. `resource` is the parameter's name; paths: empty, `value`, `type`, `tier`, `description`, `tags.<key>`. */
export function diff(wanted: Parameters, actual: ActualParameters | undefined): Comparison {
  const each = wanted.parameters.map((parameter) =>
    compare(parameter, actual?.found[parameter.name], wanted.owner),
  );
  const dropped = (actual?.dropped ?? []).map(({ name }) =>
    difference(name, '', undefined, 'dropped', 'removed'),
  );
  const copies = [
    ...Object.values(actual?.found ?? {}).flatMap(({ name, whose }) => (whose === 'lookalike' ? [name] : [])),
    ...(actual?.lookalikes ?? []),
  ];
  const warnings = taggedLikeOurs(copies.map((name) => `parameter ${name}`));
  return {
    differences: [...each.flatMap(({ differences }) => differences), ...dropped],
    blocked: each.flatMap(({ blocked }) => blocked),
    unowned: copies.map((name) => difference(name, 'tags', undefined, 'TaggedLikeOurs', 'reported')),
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
  };
}

/** True when the change cannot be made but by deleting the parameter and making it again. */
export function needsReplacement(wanted: WantedParameter, actual: ActualParameter): boolean {
  return wanted.type !== actual.type || (wanted.tier === 'Standard' && actual.tier !== 'Standard');
}

type Part = Pick<Comparison, 'differences' | 'blocked'>;

function compare(wanted: WantedParameter, actual: ActualParameter | undefined, owner: string): Part {
  if (wanted.problems.length > 0) return { differences: [], blocked: [invalid(wanted, actual)] };
  if (wanted.waitsFor.length > 0) return { differences: [], blocked: [waiting(wanted, actual)] };
  if (!actual) {
    return {
      differences: [difference(wanted.name, '', shown(wanted.value), undefined, 'created')],
      blocked: [],
    };
  }
  if (actual.whose === 'foreign') return { differences: [], blocked: [foreign(wanted, actual)] };
  const differences = [
    ...field(wanted.name, 'value', wanted.value, actual.value),
    ...field(wanted.name, 'type', wanted.type, actual.type),
    ...field(wanted.name, 'tier', wanted.tier, actual.tier),
    ...field(wanted.name, 'description', wanted.description, actual.description),
    ...Object.entries(keptTags(wanted, owner, actual.whose)).flatMap(([key, value]) =>
      field(wanted.name, `tags.${key}`, value, actual.tags[key]),
    ),
  ];
  if (actual.whose === 'ours' || !needsReplacement(wanted, actual)) return { differences, blocked: [] };
  return { differences: [], blocked: differences.map((one) => replacement(one)) };
}

function waiting(wanted: WantedParameter, actual: ActualParameter | undefined): Blocked {
  return {
    ...withoutNames(`The parameter ${wanted.name}`, wanted.waitsFor),
    difference: difference(wanted.name, 'value', shown(wanted.value), shown(actual?.value), 'reported'),
  };
}

function invalid({ name, value, problems }: WantedParameter, actual: ActualParameter | undefined): Blocked {
  const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return {
    reason: 'InvalidDesiredState',
    message:
      `The parameter ${name} makes no sense for this account (${said}): correct the baseline, or register the account ` +
      'again with other values.',
    difference: difference(name, 'value', shown(value), shown(actual?.value), 'reported'),
  };
}

function foreign(wanted: WantedParameter, actual: ActualParameter): Blocked {
  return {
    reason: 'ForeignResource',
    message: `The parameter ${wanted.name} belongs to another Orgkeeper: drop it from one of the baselines.`,
    difference: difference(wanted.name, 'value', shown(wanted.value), shown(actual.value), 'reported'),
  };
}

function replacement(found: Difference): Blocked {
  return {
    reason: 'NeedsReplacement',
    message:
      `The parameter ${found.resource} was there before Orgkeeper, and its type or tier cannot be changed in place: ` +
      'delete it, and it is made again, or put its type and tier into the baseline.',
    difference: { ...found, action: 'reported' },
  };
}

function field(name: string, path: string, desired: string, actual: string | undefined): Difference[] {
  if (desired === actual) return [];
  const action = actual === undefined ? 'created' : 'updated';
  return [difference(name, path, shown(desired), shown(actual), action)];
}

/** Values can have 8 KB, and statuses hold many. */
function shown(value: string | undefined): string | undefined {
  return value !== undefined && value.length > 200
    ? `${value.slice(0, 200)}… (${value.length} characters)`
    : value;
}

function difference(
  resource: string,
  path: string,
  desired: unknown,
  actual: unknown,
  action: Difference['action'],
): Difference {
  return {
    kind: 'parameters',
    resource,
    path,
    ...(desired === undefined ? {} : { desired }),
    ...(actual === undefined ? {} : { actual }),
    action,
  };
}
