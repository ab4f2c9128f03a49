import type { BaselineReference } from './account.ts';

/**
 * A baseline at a version, as it is stored: immutable once published. What its sections hold is the kinds'
 * business; controllers/kinds/baseline.ts reads and checks them.
 */
export interface BaselineDocument {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  /** Where accounts are managed, unless their registration says otherwise; absent: where Orgkeeper itself is. */
  readonly regions?: readonly string[];
  /** Regions that are not enabled in an account are enabled there. */
  readonly enableRegions?: true;
  /** A section a kind, by the kind's name, as parsed from the text; checked when it was published. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** The YAML it was published from, to the letter. */
  readonly text: string;
  readonly publishedAt: string;
}

/** `name@version`. */
export function formatBaseline(baseline: BaselineReference): string {
  return `${baseline.name}@${baseline.version}`;
}

/** Reads `name` or `name@version`; undefined when it is neither. */
export function parseBaselineReference(text: string): { name: string; version?: number } | undefined {
  const match = /^([a-z][a-z0-9-]{0,62})(?:@([1-9]\d{0,8}))?$/.exec(text);
  if (!match?.[1]) return undefined;
  return match[2] ? { name: match[1], version: Number(match[2]) } : { name: match[1] };
}
