import type { AccountRecord } from '../../shared/domain/account.ts';
import { laterOf, orderOf, traceOfManaged } from '../../shared/domain/order.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import { mayStandIn } from '../../shared/domain/status.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { type FleetDeps, type Outcome, overtaken, refusal, rejectedFor, type Trigger } from './outcome.ts';
import { followedBefore, runOwedBy, saveOwing } from './owed.ts';
import { writable } from './writable.ts';

/** A retirement of some regions of an account. */
interface RegionsRequest {
  readonly accountId: string;
  readonly regions: readonly string[];
}

const ALL_REGIONS = 'a request without regions removes what Orgkeeper made in all of them';

/**
 * Requests a run that removes what Orgkeeper made in regions in which the account is no longer managed. The account stays managed, and
 * its desired state does not change. The same request again, once the regions are cleared, changes nothing.
 */
export async function requestClearing(
  { accountId, regions }: RegionsRequest,
  trigger: Trigger,
  { main, config }: Pick<FleetDeps, 'main' | 'config'>,
): Promise<Outcome> {
  const { cause, time } = trigger;
  const items = await loadAccount(main.table, accountId);
  const { record: existing } = items;
  const seen = existing && traceOfManaged(existing);
  const order = orderOf({ id: cause.id, time }, seen);
  if (order === 'followed') return followedBefore(existing);
  const managed = writable(accountId, existing, ALL_REGIONS);
  if ('reason' in managed) return { did: 'rejected', rejection: managed };
  if (order === 'overtaken') return overtaken(`account ${accountId}`, trigger, seen?.changedAt);
  const { baseline, clearing = [] } = managed;
  const document = baseline && (await getBaseline(main.table, baseline.name, baseline.version));
  const desired = regionsOf(managed, document, config.region);
  const standing = regions.filter((region) => isKnownIn(region, items));
  const refusals = regions.map((region, index) => {
    const path = `detail.regions[${index}]`;
    const of = (reason: string, message: string) =>
      refusal(reason, path, `${region} ${message}`, `Account ${accountId}: ${region} ${message}.`);
    if (desired.includes(region))
      return of(
        'RegionDesired',
        'is still a region of the account: first register the account without it, or assign a baseline without it',
      );
    if (standing.includes(region) || clearing.includes(region)) return undefined;
    return of('NothingThere', 'is a region in which Orgkeeper knows of nothing that it made');
  });
  const refused = rejectedFor(refusals);
  if (refused) return refused;
  if (standing.length === 0) return { did: 'ignored', why: 'the regions are cleared already' };
  const record: AccountRecord = {
    ...managed,
    clearing: [...new Set([...clearing, ...standing])],
    generation: managed.generation + 1,
    changedBy: cause.id,
    changedAt: laterOf(time, managed.changedAt),
  };
  return saveOwing({ main }, record, managed, runOwedBy(record, trigger));
}

/** True if the account may have resources of ours in the region, or holds an address block for it. Pure. */
function isKnownIn(region: string, items: AccountItems): boolean {
  return mayStandIn(region, items) || items.holdings.blocks.some((block) => block.region === region);
}
