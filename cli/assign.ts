import { busClient } from '../shared/aws/bus.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import { formatBaseline, parseBaselineReference } from '../shared/domain/baseline.ts';
import { agreed } from './agree.ts';
import { findTarget, moveAccounts, type Selection, selectMoves } from './assign-baseline.ts';
import { connect } from './client.ts';
import { Failure } from './failure.ts';
import { readAccountId } from './fleet.ts';
import { say } from './output.ts';
import { counted } from './words.ts';

/** What `baseline assign` was given; exactly one of ids, `all` and `from`. */
export interface AssignOptions {
  readonly all?: boolean;
  readonly from?: string;
  readonly yes?: boolean;
}

/** `baseline assign`: says how many accounts would move, asks, and moves them. */
export async function assign(target: string, ids: readonly string[], options: AssignOptions): Promise<void> {
  const selection = readSelection(ids, options);
  const { config, table } = await connect();
  const to = await findTarget(table, target);
  const moves = await selectMoves(table, to, selection);
  const { moving, unseen } = moves;
  const baseline = formatBaseline(to);
  if (moving.length + unseen.length === 0)
    return say(`No account moves: all that were selected are on ${baseline}.`);
  const question = `Move ${accounts(moving.length)} to ${baseline} (${origins(moving)})?`;
  if (moving.length > 0 && !options.yes && !(await agreed(question))) return say('Nothing was moved.');
  const { moved, eventIds } = await moveAccounts({ table, bus: busClient(config) }, to, moves);
  if (eventIds.length === 0) return say(`No account moves: somebody else moved them meanwhile.`);
  const more = unseen.length > 0 ? ` ${accounts(unseen.length)} there already had no pass since;` : '';
  say(
    `Moved ${accounts(moved.length)} to ${baseline};${more} passes are asked for with event ${eventIds.join(', ')}.`,
  );
}

function readSelection(ids: readonly string[], { all, from }: AssignOptions): Selection {
  if ([ids.length > 0, all, from].filter(Boolean).length !== 1) {
    throw new Failure('Say which accounts: one of account ids, --all, or --from NAME@VERSION.');
  }
  if (all) return { by: 'all' };
  if (!from) return { by: 'ids', ids: ids.map(readAccountId) };
  const reference = parseBaselineReference(from);
  if (!reference) throw new Failure(`'${from}' is no baseline: write it as name or name@version.`);
  return { by: 'from', ...reference };
}

/** `2 from analytics@1, 1 from analytics@2`. */
function origins(records: readonly AccountRecord[]): string {
  const names = records.map(({ baseline }) => (baseline ? formatBaseline(baseline) : 'none'));
  const counts = [...new Set(names)].map(
    (name) => `${names.filter((other) => other === name).length} from ${name}`,
  );
  return counts.join(', ');
}

const accounts = (count: number) => counted(count, 'account');
