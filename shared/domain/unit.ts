/** The region of kinds without regions (IAM), and of conditions of the account as a whole. */
export const GLOBAL = 'global';

/** A kind in a region, or a global kind: rendered, observed, compared and applied by itself. */
export interface Unit {
  /** Name of the kind. */
  readonly kind: string;
  /** `global` for a kind without regions. */
  readonly region: string;
}

const OF_REGION = /^regions\.([^.]+)\.(.+)$/;

/**
 * The key of an output among those of its account: for the home region and for global kinds its own name (`vpc.id`), for other
 * regions with the region in front (`regions.us-east-1.vpc.id`). Pure.
 */
export function outputKey(name: string, region: string, home: string): string {
  return region === home || region === GLOBAL ? name : `regions.${region}.${name}`;
}

/** Region and name of a key, or of a `${…}` name, that contains its region; undefined for any other. Pure. */
export function splitOutputKey(key: string): { readonly region: string; readonly name: string } | undefined {
  const [, region, name] = OF_REGION.exec(key) ?? [];
  return region === undefined || name === undefined ? undefined : { region, name };
}

/** The outputs of one region, under their names without the region. Those of the home region include global ones. Pure. */
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
