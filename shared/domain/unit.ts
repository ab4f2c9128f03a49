/** Region of what has none: IAM, and what is said of an account as a whole. */
export const GLOBAL = 'global';

/** A kind in a place: what is rendered, observed, compared and applied by itself. */
export interface Unit {
  /** Name of the kind. */
  readonly kind: string;
  /** `global` for a kind without regions. */
  readonly region: string;
}

const OF_REGION = /^regions\.([^.]+)\.(.+)$/;

/**
 * Under which key an output of a region stands among those of its account: the home region's and global ones under their own
 * name (`vpc.id`), all others with the region before it (`regions.us-east-1.vpc.id`). Pure.
 */
export function outputKey(name: string, region: string, home: string): string {
  return region === home || region === GLOBAL ? name : `regions.${region}.${name}`;
}

/** Region and name of a key or of a `${…}` name that names its region; undefined for every other. Pure. */
export function splitOutputKey(key: string): { readonly region: string; readonly name: string } | undefined {
  const [, region, name] = OF_REGION.exec(key) ?? [];
  return region === undefined || name === undefined ? undefined : { region, name };
}

/** Of an account's outputs, those of a region, under the names that they have at home. Those at home include global ones. Pure. */
export function outputsOf(
  outputs: Readonly<Record<string, string>>,
  region: string,
  home: string,
): Record<string, string> {
  const isHome = region === home || region === GLOBAL;
  const own = Object.entries(outputs).flatMap(([key, value]) => {
    const elsewhere = splitOutputKey(key);
    if (isHome) return elsewhere ? [] : [[key, value] as const];
    return elsewhere?.region === region ? [[elsewhere.name, value] as const] : [];
  });
  return Object.fromEntries(own);
}
