import type { Difference } from '../../../../shared/domain/status.ts';
import type { Blocked, Comparison } from '../../kind.ts';
import type { Tagged } from '../actual.ts';
import { type Named, wantedTags } from '../names.ts';
import type { Network } from '../render.ts';

/** A field of one of our things, the values as JSON. */
export interface Field {
  readonly resource: string;
  readonly path: string;
  readonly desired?: unknown;
  readonly actual?: unknown;
}

/** Something to be written: `created` where there is nothing yet. */
export function change(field: Field): Difference {
  const action = field.actual === undefined ? 'created' : 'updated';
  return { kind: 'network', ...field, action };
}

/** Seen and left alone. */
export function report(field: Field): Difference {
  return { kind: 'network', ...field, action: 'reported' };
}

/** Seen, and in the way for this reason; left alone. */
export function block(reason: string, message: string, field: Field): Blocked {
  return { reason, message, difference: report(field) };
}

/** What AWS cannot change in place. */
export function needsReplacement(id: string, field: Field): Blocked {
  const message =
    `${field.resource} (${id}) has ${field.path} ${String(field.actual)} instead of ${String(field.desired)}, which ` +
    'AWS cannot change: set the baseline back, or remove it by hand once nothing uses it, and it is made anew.';
  return block('NeedsReplacement', message, field);
}

/** One difference for each tag that it should carry and does not; further tags stay. */
export function tagChanges(named: Named, wanted: Network, thing: Tagged): Difference[] {
  return Object.entries(wantedTags(wanted, named))
    .filter(([key, value]) => thing.tags[key] !== value)
    .map(([key, desired]) => {
      const actual = thing.tags[key];
      const field = { resource: named.resource, path: `tags.${key}`, desired };
      return change(actual === undefined ? field : { ...field, actual });
    });
}

/** The comparisons of several parts as one, in order. */
export function joined(parts: readonly Partial<Comparison>[]): Comparison {
  const warnings = parts.flatMap(({ warnings = [] }) => warnings);
  return {
    differences: parts.flatMap(({ differences = [] }) => differences),
    blocked: parts.flatMap(({ blocked = [] }) => blocked),
    unowned: parts.flatMap(({ unowned = [] }) => unowned),
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
  };
}
