import { advance } from '../../controllers/create-account/advance.ts';
import type { CreationStatus, Creator } from '../../controllers/create-account/creator.ts';
import type { CreationDeps } from '../../controllers/create-account/transition.ts';
import { askedFor, type Creation, REQUEST_TAG, tagValue } from '../../shared/domain/creation.ts';
import type { CreationRequest } from '../../shared/domain/requests.ts';
import { CreationMessage } from '../../shared/domain/work.ts';
import { getCreation, saveCreation } from '../../shared/store/creations.ts';
import { aBaselineItem, aConfig, anOrganizationAccount } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

/** An account in the making, or made, at an Organizations in memory. */
interface Made {
  readonly creationId: string;
  readonly name: string;
  readonly email: string;
  readonly tags: Record<string, string>;
  readonly requestedAt: Date;
  readonly accountId: string;
  parent: string;
  state: CreationStatus['state'];
  failureReason?: string;
}

const START = Date.parse('2026-11-20T10:00:00.000Z');
const ROOT = 'r-abcd';

/**
 * Table, queue, Organizations and clock in memory: time passes from one message to the next, as SQS would hold them
 * back, so that a day of waiting takes no time.
 */
export function creationWorld(
  options: { secondsToCreate?: number; result?: (name: string) => string; closed?: boolean } = {},
) {
  const { secondsToCreate = 120, result = () => 'SUCCEEDED', closed = false } = options;
  let now = START;
  const waiting: { at: number; message: CreationMessage }[] = [];
  const made: Made[] = [];
  const calls: { at: number; name: string }[] = [];
  const moves: { accountId: string; from: string; to: string }[] = [];
  const answers: ((make: () => string) => string)[] = [];

  const fake = fakeMain([aBaselineItem()]);
  const { main, put, store } = fake;
  let scheduled = 0;
  const putAt: number[] = [];
  /** Messages that were sent since are waited for, as long as SQS would hold them back. */
  const schedule = () => {
    for (const { queue, message, delaySeconds } of fake.sent.slice(scheduled))
      if (queue === 'creation') send(CreationMessage.parse(message), delaySeconds);
    scheduled = fake.sent.length;
    while (putAt.length < put.length) putAt.push(seconds());
  };

  const stateOf = (one: Made): Made => {
    if (one.state === 'IN_PROGRESS' && now >= one.requestedAt.getTime() + secondsToCreate * 1000) {
      const end = result(one.name);
      one.state = end === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED';
      if (end !== 'SUCCEEDED') one.failureReason = end;
    }
    return one;
  };
  const statusOf = (one: Made): CreationStatus => {
    const { creationId, name, state, requestedAt, accountId, failureReason } = stateOf(one);
    const more = {
      SUCCEEDED: { accountId },
      FAILED: { failureReason: failureReason ?? '' },
      IN_PROGRESS: {},
    };
    return { creationId, name, state, requestedAt, ...more[state] };
  };
  const creator: Creator = {
    async create(key: string, request: CreationRequest) {
      calls.push({ at: seconds(), name: request.name });
      const make = () => {
        const creationId = `car-${made.length}`;
        made.push({
          creationId,
          name: request.name,
          email: request.email,
          tags: { ...request.tags, [REQUEST_TAG]: tagValue(key) },
          requestedAt: new Date(now),
          accountId: String(100_000_000_000 + made.length),
          parent: ROOT,
          state: 'IN_PROGRESS',
        });
        return creationId;
      };
      return (answers.shift() ?? ((create) => create()))(make);
    },
    async status(creationId) {
      const one = made.find((each) => each.creationId === creationId);
      if (!one) throw new Error(`no creation ${creationId}`);
      return statusOf(one);
    },
    statuses: async (which) =>
      made.map(statusOf).filter(({ state }) => which === 'all' || state === 'IN_PROGRESS'),
    parent: async (id) =>
      id.startsWith('ou-') ? (id.endsWith('gone') ? undefined : ROOT) : byAccount(id)?.parent,
    async move(accountId, from, to) {
      moves.push({ accountId, from, to });
      const one = byAccount(accountId);
      if (one) one.parent = to;
    },
  };
  const byAccount = (accountId: string) => made.find((one) => one.accountId === accountId);
  const deps = (): CreationDeps => ({
    config: aConfig(),
    main,
    creator,
    organization: {
      describe: async (accountId) =>
        anOrganizationAccount({
          accountId,
          name: byAccount(accountId)?.name ?? '',
          ...(closed && { active: false, state: 'SUSPENDED' }),
        }),
      tags: async (accountId) => byAccount(accountId)?.tags ?? {},
      place: async () => undefined,
      async *pages() {},
    },
    now: () => new Date(now),
    until: new Date(now + 60_000),
  });
  const seconds = () => (now - START) / 1000;
  const send = (message: CreationMessage, delay = 0) => waiting.push({ at: now + delay * 1000, message });

  return {
    calls,
    made,
    moves,
    put,
    /** Seconds from the start until each of these was put. */
    putAt,
    get passes() {
      return fake.sentTo('work.fifo');
    },
    main,
    deps,
    send,
    /** What the next calls of CreateAccount do, instead of answering: `make` makes the account nonetheless. */
    answers,
    inProgress: () => made.filter((one) => stateOf(one).state === 'IN_PROGRESS').length,
    /** Changes what stands of a request, as nobody should. */
    change(key: string, fields: object) {
      const [item] = store.items(`creation-request#${key}`);
      store.put({ ...item, ...fields });
    },
    creation: (key: string): Promise<Creation | undefined> => getCreation(main.table, key),
    async ask(request: CreationRequest, eventId = 'event-1') {
      const cause = { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id: eventId };
      const creation = askedFor(request, cause, new Date(now).toISOString());
      await saveCreation(main.table, creation);
      send({ key: creation.key });
    },
    /** Works off the queue, message by message, until it is empty or so many seconds have passed. */
    async run(forSeconds = 24 * 3600) {
      const end = now + forSeconds * 1000;
      for (;;) {
        waiting.sort((a, b) => a.at - b.at);
        const next = waiting[0];
        if (!next || next.at > end) break;
        waiting.shift();
        now = Math.max(now, next.at);
        await advance(next.message, deps());
        schedule();
      }
      now = waiting.length > 0 ? end : now;
    },
  };
}
