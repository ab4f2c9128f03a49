import type { BaselineReference } from './account.ts';

/**
 * One version of a baseline, as stored: immutable once published. The kinds define what a section holds;
 * controllers/kinds/baseline.ts parses and checks the sections.
 */
export interface BaselineDocument {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  /** Where accounts are managed, unless their registration lists regions; absent: in the region of the deployment. */
  readonly regions?: readonly string[];
  /** Enable the regions that an account has not enabled. */
  readonly enableRegions?: true;
  /** What accounts export to others: a text with `${…}` names by the name of the export. */
  readonly exports?: Readonly<Record<string, string>>;
  /** One section for each kind, by the kind's name, parsed from the text; checked when published. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** The YAML that it was published from, unchanged. */
  readonly text: string;
  readonly publishedAt: string;
}

/** `name@version`. */
export function formatBaseline(baseline: BaselineReference): string {
  return `${baseline.name}@${baseline.version}`;
}

/** Parses `name` or `name@version`; undefined if the text is neither. */
export function parseBaselineReference(text: string): { name: string; version?: number } | undefined {
  const match = /^([a-z][a-z0-9-]{0,62})(?:@([1-9]\d{0,8}))?$/.exec(text);
  if (!match?.[1]) return undefined;
  return match[2] ? { name: match[1], version: Number(match[2]) } : { name: match[1] };
}
