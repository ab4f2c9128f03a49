import { randomBytes } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import type { Table } from '../../shared/aws/main-clients.ts';
import type { BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline, parseBaselineReference } from '../../shared/domain/baseline.ts';
import type { Claims } from '../../shared/domain/cause.ts';
import { minutesOf } from '../../shared/domain/clusters.ts';
import { isSame, parseAmount, type Rollout } from '../../shared/domain/rollout.ts';
import { rolloutSummary } from '../../shared/domain/rollout-summary.ts';
import { planWaves } from '../../shared/domain/rollout-waves.ts';
import { counted } from '../../shared/domain/words.ts';
import { createRollout } from '../../shared/store/rollouts.ts';
import { agreed } from '../ask.ts';
import { callerClaims } from '../caller.ts';
import { connect } from '../client.ts';
import { Failure } from '../failure.ts';
import { allRecords, publishedBaseline } from '../fleet.ts';
import { printJson, say } from '../terminal.ts';
import { followRollout } from './rollout-follow.ts';

/** The options of `rollout start`. */
interface StartOptions {
  readonly from: string;
  readonly waves: readonly string[];
  readonly bake: number;
  readonly failures: string;
  readonly by?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** How many accounts one roll-out may move: its plan is one item of the table, of at most 400 KB. */
const MOST_ACCOUNTS = 20_000;

/** Parser of `--waves`: amounts with commas, the last of them `100%`. */
export function readWaves(text: string): string[] {
  const waves = text.split(',').map((wave) => wave.trim());
  const amounts = waves.map(parseAmount);
  const isValid = amounts.every(
    (amount) => amount && ('accounts' in amount ? amount.accounts : amount.percent) > 0,
  );
  if (!isValid) throw new InvalidArgumentError('It must be numbers or shares of accounts: 1,10%,50%,100%.');
  if (waves.at(-1) !== '100%')
    throw new InvalidArgumentError('The last wave must be 100%, so that no account is left behind.');
  return waves;
}

/** Parser of `--bake`: minutes. */
export function readBake(text: string): number {
  if (/^\d{1,4}[mh]$/.test(text)) return minutesOf(text);
  throw new InvalidArgumentError('It must be a number of minutes or hours: 30m, 2h, or 0m.');
}

/** Parser of `--failures`. */
export function readFailures(text: string): string {
  if (parseAmount(text)) return text;
  throw new InvalidArgumentError('It must be a number or a share of accounts: 3, 5%, or 0.');
}

/** Parser of `--by`. */
export function readBy(text: string): string {
  if (text === 'ou' || /^tag:.+/.test(text)) return text;
  throw new InvalidArgumentError('It must be ou, or tag:KEY.');
}

/** `rollout start`: says how many accounts move in which waves, asks, and starts. */
export async function startRollout(target: string, options: StartOptions): Promise<void> {
  const { table } = await connect();
  const [to, from] = await Promise.all([findVersion(table, target), findVersion(table, options.from)]);
  if (isSame(from, to)) throw new Failure(`The accounts are on ${formatBaseline(to)} already: name another.`);
  const { waves, failures, by } = options;
  const named = { from, to, waves, failures, bakeMinutes: options.bake, ...(by !== undefined && { by }) };
  const sizes = planWaves(named, await allRecords(table), new Date()).map(({ length }) => length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0)
    throw new Failure(`No managed account is on ${formatBaseline(from)}: nothing to roll out.`);
  if (total > MOST_ACCOUNTS)
    throw new Failure(
      `${total} accounts are on ${formatBaseline(from)}; a roll-out moves at most ${MOST_ACCOUNTS}.`,
    );
  const plan = `${counted(total, 'account')} from ${formatBaseline(from)} to ${formatBaseline(to)} in ${counted(sizes.length, 'wave')} (${sizes.join(', ')})`;
  if (!options.yes && !(await agreed(`Move ${plan}?`))) return say('Nothing was started.');
  const rollout = newRollout(named, await callerClaims(options.reason), new Date());
  const open = await createRollout(table, rollout);
  if (open) {
    throw new Failure(
      `RolloutOverlaps: roll-out ${open.id} (${open.stage.is}) moves accounts from ${formatBaseline(open.from)} to ${formatBaseline(open.to)}. ` +
        `Wait until it has ended, or end it: \`orgkeeper rollout abort ${open.id}\`.`,
    );
  }
  if (!options.wait && options.json) return printJson(rolloutSummary(rollout));
  if (!options.json) say(`Roll-out ${rollout.id} moves ${plan}: \`orgkeeper rollout show ${rollout.id}\`.`);
  if (options.wait) await followRollout(table, rollout.id, options);
}

function newRollout(
  named: Pick<Rollout, 'from' | 'to' | 'waves' | 'failures' | 'bakeMinutes' | 'by'>,
  by: Claims,
  now: Date,
): Rollout {
  const at = now.toISOString();
  const id = `${named.to.name}-${named.to.version}-${randomBytes(3).toString('hex')}`;
  return {
    schemaVersion: 1,
    id,
    version: 1,
    ...named,
    stage: { is: 'planning' },
    readyAt: [],
    startedAt: at,
    orders: [{ order: 'start', at, ...by }],
    changedAt: at,
    patientFrom: at,
    dueAt: at,
  };
}

/** The published baseline `name@version`. @throws Failure if there is none, or no version is named */
async function findVersion(table: Table, text: string): Promise<BaselineReference> {
  const reference = parseBaselineReference(text);
  if (!reference) throw new Failure(`'${text}' is not a baseline: write name@version.`);
  const { name, version } = await publishedBaseline(table, reference);
  if (reference.version) return { name, version };
  throw new Failure(`Name the version: the newest is ${formatBaseline({ name, version })}.`);
}
