import type { Table } from '../../shared/aws/main-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import { withPool } from '../../shared/domain/address-pool.ts';
import type { BaselineDocument } from '../../shared/domain/baseline.ts';
import type { Problem } from '../../shared/domain/errors.ts';
import { check } from '../../shared/domain/plain-words.ts';
import { addressBook } from '../../shared/store/addresses.ts';
import { publishBaseline } from '../../shared/store/baselines.ts';
import { ITEM_ROOM, itemBytes } from '../../shared/store/item-size.ts';
import { type BaselineDraft, parseBaseline } from '../kinds/baseline.ts';
import { kinds } from '../kinds/index.ts';

/** The configuration that a baseline must match. */
export type KnownConfig = Pick<Config, 'executionRolePattern'> &
  Partial<Pick<Config, 'partition' | 'rolePolicyQuotas'>>;

/** Parses a text as a baseline and checks it, also for a deployment if one is given; or returns its problems, by line. Pure. */
export function checkText(
  text: string,
  config?: KnownConfig,
): { baseline: BaselineDraft } | { problems: Problem[] } {
  const { executionRolePattern, partition, rolePolicyQuotas } = config ?? {};
  const checked = parseBaseline(text, kinds, {
    ...(executionRolePattern && { executionRolePattern }),
    ...(partition && { partition }),
    ...(rolePolicyQuotas && { rolePolicyQuotas }),
  });
  if ('problems' in checked) return checked;
  const bytes = itemBytes({ ...checked.baseline, text });
  if (bytes <= ITEM_ROOM) return checked;
  const message =
    `has ${Math.ceil(bytes / 1000)} KB with its text, each alias as often as it is used, ` +
    `and a version has at most ${ITEM_ROOM / 1000} KB: make several baselines of it`;
  return { problems: [{ path: '', message }] };
}

/**
 * Publishes a baseline as the next version of its name. The same text again publishes nothing and returns the version that has it.
 * `refused`: its address pool contradicts the pools in use.
 */
export async function publishText(
  { table, config }: { readonly table: Table; readonly config: KnownConfig },
  text: string,
  now: Date,
): Promise<
  { baseline: BaselineDocument; published: boolean } | { problems: Problem[] } | { refused: string }
> {
  const checked = checkText(text, config);
  if ('problems' in checked) return checked;
  const refused = await poolProblem(table, checked.baseline);
  if (refused !== undefined) return { refused };
  return publishBaseline(table, { ...checked.baseline, text, publishedAt: now.toISOString() });
}

/** The contradiction between the baseline's pools and the pools in use; undefined if there is none. */
async function poolProblem(table: Table, { sections }: BaselineDraft): Promise<string | undefined> {
  const pools = kinds.flatMap((kind) => {
    const section = check(kind.section, sections[kind.name]);
    return section.success ? (kind.pool?.of(section.data) ?? []) : [];
  });
  if (pools.length === 0) return undefined;
  const known = (await addressBook(table).pools()).pools;
  for (const pool of pools) {
    const agreed = withPool(known, pool);
    if ('message' in agreed) return agreed.message;
  }
  return undefined;
}
