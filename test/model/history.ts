import { editRecord } from '../../cli/fleet.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { withBaseline } from '../../shared/domain/records.ts';
import { getRecord, getStatus } from '../../shared/store/accounts.ts';
import { aBaselineItem } from '../kit/factories.ts';
import { randomness } from './randomness.ts';
import { CALM, createWorld, type Weather, type World } from './world.ts';

const ACCOUNTS = ['100000000001', '100000000002', '100000000003'] as const;
const BASELINES = ['small', 'large'] as const;

/** What people and the organization do, one at a time. */
export type Action =
  /** The organization has a new account. */
  | { readonly does: 'join'; readonly account: string }
  | {
      readonly does: 'register';
      readonly account: string;
      readonly name: string;
      readonly baseline: string;
      readonly value: string;
      /** Absent: as it was, and enforce in an account that was not managed before. */
      readonly mode?: 'enforce' | 'observe';
    }
  | { readonly does: 'retire'; readonly account: string; readonly resources: 'remove' | 'retain' }
  | { readonly does: 'assign'; readonly account: string; readonly baseline: string }
  | { readonly does: 'pause' | 'resume'; readonly account: string }
  | { readonly does: 'move'; readonly account: string }
  | { readonly does: 'close'; readonly account: string }
  /** Somebody in the account changes what Orgkeeper manages. */
  | { readonly does: 'tamper'; readonly account: string }
  | { readonly does: 'create'; readonly requestId: string };

/** Actions, each so many seconds after the one before it. */
export type History = readonly (Action & { readonly after: number })[];

/** A history by its seed: four to ten actions on up to three accounts. */
export function historyOf(seed: number): History {
  const random = randomness(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const actions: (Action & { after: number })[] = [];
  const count = 4 + Math.floor(random() * 7);
  while (actions.length < count) {
    const account = one(ACCOUNTS);
    const does = one([
      'join',
      'register',
      'register',
      'register',
      'retire',
      'assign',
      'pause',
      'resume',
      'move',
      'close',
      'tamper',
      'create',
    ] as const);
    const after = one([2, 2, 5, 30, 300, 1_200]);
    if (isPossible(does, account, actions)) actions.push({ after, ...actionOf(does, account, one) });
  }
  return actions;
}

/** The same history, except that each registration says a mode, by the seed. */
export function withModes(history: History, seed: number): History {
  const random = randomness(seed);
  return history.map((action) =>
    action.does === 'register' ? { ...action, mode: random() < 0.5 ? 'observe' : 'enforce' } : action,
  );
}

/** Whether the command line would do it after these actions: an account must be known, and managed to move to a baseline. */
function isPossible(does: Action['does'], account: string, before: readonly Action[]): boolean {
  const of = before.filter((action) => 'account' in action && action.account === account);
  const last = (...kinds: Action['does'][]) => of.findLastIndex((action) => kinds.includes(action.does));
  const isKnown = last('join', 'register') >= 0;
  const isClosed = last('close') >= 0;
  switch (does) {
    case 'pause':
    case 'resume':
      return isKnown && !isClosed;
    case 'assign':
      return isKnown && !isClosed && last('join', 'register') > last('retire');
    case 'join':
      return !isKnown;
    case 'register':
    case 'retire':
      return !isClosed;
    case 'move':
    case 'close':
    case 'tamper':
      return isKnown && !isClosed;
    case 'create':
      return true;
  }
}

function actionOf(does: Action['does'], account: string, one: <T>(of: readonly T[]) => T): Action {
  switch (does) {
    case 'register':
      return {
        does,
        account,
        name: one(['genomics', 'proteomics']),
        baseline: one(BASELINES),
        value: one(['red', 'blue']),
      };
    case 'retire':
      return { does, account, resources: one(['remove', 'retain']) };
    case 'assign':
      return { does, account, baseline: one(BASELINES) };
    case 'create':
      return { does, requestId: one(['one', 'two']) };
    default:
      return { does, account };
  }
}

/** What a history has come to: of each account what the table says of it, and what is in it. */
export type Ending = Readonly<Record<string, AccountEnding>>;

/** Lets a history happen in this weather until nothing is left to do. */
export async function happen(history: History, weather: Weather): Promise<{ ending: Ending; world: World }> {
  const world = createWorld(weather);
  publish(world);
  for (const action of history) {
    await world.pass(action.after * 1000);
    await act(action, world);
  }
  await settle(world, weather);
  return { ending: await endingOf(world), world };
}

/** As a history ends when everything arrives at once and in order, and nobody is killed. */
export async function inOrder(history: History): Promise<Ending> {
  return (await happen(history, CALM)).ending;
}

function publish({ store }: World): void {
  const section = (alias: string, names: readonly string[]) => ({
    publicAccessBlock: {},
    accountAlias: { name: `${alias}-\${account.id}`, adopt: true },
    parameters: names.map((name) => ({ name: `/orgkeeper/${name}`, value: '${values.colour}' })),
  });
  store.put(
    { ...aBaselineItem({ name: 'small', version: 1 }), sections: section('small', ['a']) },
    { ...aBaselineItem({ name: 'large', version: 1 }), sections: section('large', ['a', 'b']) },
    { ...aBaselineItem({ name: 'analytics', version: 1 }), sections: { publicAccessBlock: {} } },
  );
}

async function act(action: Action, world: World): Promise<void> {
  const { emit, organization } = world;
  const trail = 'AWS API Call via CloudTrail';
  switch (action.does) {
    case 'join': {
      if (organization.has(action.account)) return;
      world.join(action.account, 'joined');
      emit('aws.organizations', 'AWS Service Event via CloudTrail', {
        eventName: 'AccountJoinedOrganization',
        serviceEventDetails: { accountId: action.account, joinedMethod: 'INVITED' },
      });
      return;
    }
    case 'register': {
      if (!organization.has(action.account)) world.join(action.account, 'joined');
      const { account: accountId, name, baseline, value, mode } = action;
      emit('orgkeeper.request', 'AccountRegistrationRequested', {
        accountId,
        name,
        baseline: `${baseline}@1`,
        values: { colour: value },
        ...(mode && { mode }),
      });
      return;
    }
    case 'retire': {
      const { account: accountId, resources } = action;
      emit('orgkeeper.request', 'AccountRetirementRequested', { accountId, resources });
      return;
    }
    case 'assign':
      return command(world, action.account, 'managed', (record) =>
        withBaseline(record, { name: action.baseline, version: 1 }, new Date().toISOString()),
      );
    case 'pause':
    case 'resume': {
      const paused = action.does === 'pause';
      return command(world, action.account, undefined, (record) =>
        record.paused === paused ? undefined : { ...record, paused },
      );
    }
    case 'move': {
      const { account: accountId } = action;
      if (!organization.has(accountId)) return;
      emit('aws.organizations', trail, {
        eventName: 'MoveAccount',
        requestParameters: { accountId, sourceParentId: 'r-root', destinationParentId: 'ou-abcd-12345678' },
      });
      return;
    }
    case 'close': {
      const found = organization.get(action.account);
      if (!found) return;
      organization.set(action.account, { ...found, active: false, state: 'SUSPENDED' });
      emit('aws.organizations', 'AWS Service Event via CloudTrail', {
        eventName: 'CloseAccountResult',
        serviceEventDetails: { closeAccountStatus: { accountId: action.account, state: 'SUCCEEDED' } },
      });
      return;
    }
    case 'tamper': {
      const member = world.memberOf(action.account);
      member.alias = 'tampered';
      member.parameters.delete('/orgkeeper/a');
      return;
    }
    case 'create':
      emit('orgkeeper.request', 'AccountCreationRequested', {
        name: action.requestId,
        email: `${action.requestId}@example.com`,
        requestId: action.requestId,
        baseline: 'small@1',
        values: { colour: 'green' },
      });
  }
}

/** Somebody at the command line; told that the account is not known, or not managed, they try again a minute later. */
async function command(
  world: World,
  accountId: string,
  lifecycle: AccountRecord['lifecycle'] | undefined,
  change: (record: AccountRecord) => AccountRecord | undefined,
): Promise<void> {
  for (let minute = 0; minute < PATIENCE_MINUTES; minute++) {
    const record = await getRecord(world.table, accountId);
    if (record && (lifecycle === undefined || record.lifecycle === lifecycle)) {
      await editRecord(world.table, accountId, change);
      return;
    }
    await world.pass(MINUTE);
  }
  throw new Error(`Account ${accountId} was never ${lifecycle ?? 'known'}.`);
}

const MINUTE = 60_000;
/** An account that only the listing finds is known after two of them at the latest, where a function is killed in the first. */
const PATIENCE_MINUTES = 150;

/** Time goes on until everything has arrived and was worked on; then the nightly sweep comes, twice. */
async function settle(world: World, weather: Weather): Promise<void> {
  await world.pass(weather.lateMs + 60 * MINUTE);
  for (let night = 0; night < 2; night++) {
    world.emit('orgkeeper.request', 'DriftSweepRequested', {});
    await world.pass(weather.lateMs + 90 * MINUTE);
  }
}

async function endingOf(world: World): Promise<Ending> {
  const ids = [...world.members.keys()].sort();
  const endings = await Promise.all(ids.map(async (id) => [id, await accountEnding(world, id)]));
  return Object.fromEntries(endings);
}

async function accountEnding(world: World, id: string): Promise<AccountEnding> {
  const record = await getRecord(world.table, id);
  if (!world.organization.get(id)?.active) {
    const isEntered = record?.lifecycle === 'managed' || record?.lifecycle === 'retiring';
    return { is: isEntered ? 'closed, and managed all the same' : 'closed' };
  }
  const { alias, publicAccessBlock, parameters } = world.memberOf(id);
  // Nobody writes into an account that is paused: what it holds depends on when that came.
  const isPaused = record?.paused === true;
  const contents = {
    alias,
    isBlocked: publicAccessBlock !== undefined,
    parameters: Object.fromEntries([...parameters].map(([name, { value }]) => [name, value]).sort()),
  };
  if (record?.lifecycle !== 'managed') {
    // What stands where resources were retained depends on what had been made by then.
    if (record?.lifecycle === 'retired' || isPaused) return { is: 'not managed' };
    // An alias that somebody else has given the account since stays.
    const left = { ...contents, alias: alias === 'tampered' ? undefined : alias };
    return { is: 'not managed', contents: left };
  }
  const status = await getStatus(world.table, id);
  const { name, baseline, paused, mode, values } = record;
  const seen = status?.observedGeneration === record.generation;
  return {
    is: 'managed',
    desired: { name, baseline: baseline?.name, paused, mode, values },
    // What is in an account that is only observed depends on what had been made by then.
    ...(!isPaused && (mode === 'observe' ? { seen } : { contents, ready: status?.ready, seen })),
  };
}

/** What one account has come to. */
interface AccountEnding {
  readonly is: string;
  readonly desired?: object;
  /** Absent where nothing is promised about it. */
  readonly contents?: object;
  readonly ready?: boolean | undefined;
  readonly seen?: boolean;
}

/** Both without the contents of accounts of which one of them promises nothing. */
export function comparable(one: Ending, other: Ending): [Ending, Ending] {
  const without = (ending: Ending, than: Ending): Ending =>
    Object.fromEntries(
      Object.entries(ending).map(([id, { contents, ...rest }]) => [
        id,
        contents && than[id]?.contents ? { ...rest, contents } : rest,
      ]),
    );
  return [without(one, other), without(other, one)];
}

/** The weather of a seed: a bad day. */
export function badDay(seed: number): Weather {
  return { seed, latencyMs: 400, late: 0.5, lateMs: 30 * MINUTE, doubled: 0.4, killed: 0.25 };
}
