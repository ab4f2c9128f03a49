import { describe, expect, it } from '@jest/globals';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import { EVENTS } from '../../controllers/intake/organization-event.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { systemClock } from '../kit/clock.ts';
import {
  aBaselineItem,
  aConfig,
  anOrganizationAccount,
  aRecord,
  MAIN,
  MANAGEMENT,
  MEMBER,
} from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger, silentMetrics } from '../kit/lambda.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const JOINED = '2026-11-20T11:59:00.000Z';

/** The functions intake and reconcile over one Main, in an organization that counts the calls to it. */
function deployment(others = 0) {
  const fake = fakeMain([aBaselineItem()]);
  for (let index = 0; index < others; index += 1) {
    const accountId = String(100_000_000_000 + index);
    const key = { ...accountKey(accountId), collection: 'account', collectionKey: accountId };
    fake.store.put({ ...aRecord({ accountId }), ...key });
  }
  const calls: Record<string, number> = {};
  const counted = <T>(name: string, value: T): T => {
    calls[name] = (calls[name] ?? 0) + 1;
    return value;
  };
  const organization = {
    describe: async (accountId: string) =>
      counted('describe', anOrganizationAccount({ accountId, joinedAt: JOINED })),
    tags: async () => counted('tags', {}),
    place: async () => counted('place', undefined),
    async *pages() {
      counted('pages', undefined);
      yield { accounts: [] };
    },
  };
  const config = aConfig({ onboard: { since: '2026-11-01T00:00:00.000Z' } });
  const { main } = fake;
  const { logger, lines } = silentLogger();
  const shared = { config, main, logger, ...systemClock, now: () => NOW };
  const intake = intakeHandler({ ...shared, organization });
  const reconcile = reconcileHandler({
    ...shared,
    access: {
      enter: async () => counted('enter', { accessKeyId: 'x', secretAccessKey: 'x' }),
      evict: () => undefined,
      organization: async () => undefined,
      tryRole: () => Promise.reject(new Error('nobody tries a role here')),
    },
    kinds: [],
    outages: rememberOutages(),
    loadBaseline: ({ name, version }) => getBaseline(main.table, name, version),
    metrics: silentMetrics(),
  });
  return { ...fake, calls, lines, intake, reconcile };
}

const eventOf = (source: string, eventName: string, detail: object = {}) => ({
  id: `${eventName}-1`,
  source,
  'detail-type': 'AWS API Call via CloudTrail',
  account: MANAGEMENT,
  time: '2026-11-20T11:59:59Z',
  detail: {
    eventID: `${eventName}-1`,
    eventName,
    requestParameters: { accountId: MEMBER },
    serviceEventDetails: {
      state: 'SUCCEEDED',
      createAccountStatus: { id: 'car-1', state: 'SUCCEEDED', accountId: MEMBER },
    },
    ...detail,
  },
});
const created = eventOf('aws.organizations', 'CreateAccountResult');
const requestOf = (type: string, detail: object) => ({
  id: `${type}-1`,
  source: 'orgkeeper.request',
  'detail-type': type,
  account: MAIN,
  time: '2026-11-20T11:59:59Z',
  detail,
});

describe('an onboarding', () => {
  it('makes the same calls in a fleet of one as in a fleet of three thousand, from the event to the saved status', async () => {
    const onboarded = async (others: number) => {
      const { intake, reconcile, store, sentTo, put, sent, calls } = deployment(others);
      expect(await intake(batch(aMessage(created)), secondsLeft(60))).toEqual({ batchItemFailures: [] });
      const [work] = sentTo('work.fifo') as WorkMessage[];
      expect(await reconcile(batch(aMessage(work)), secondsLeft(120))).toEqual({ batchItemFailures: [] });
      expect(store.items(`account#${MEMBER}`)).toContainEqual(expect.objectContaining({ sk: 'status' }));
      return { table: { ...store.calls }, calls, put: put.length, sent: sent.length };
    };
    const few = await onboarded(0);
    expect(await onboarded(3_000)).toEqual(few);
    expect(few.calls).toMatchObject({ describe: 1, enter: 1 });
  });
});

describe('an event', () => {
  const events = Object.entries(EVENTS).flatMap(([source, names]) =>
    Object.keys(names).map((name) => [name, eventOf(source, name)] as const),
  );
  const requests = [
    requestOf('AccountRegistrationRequested', { accountId: MEMBER, name: 'genomics' }),
    requestOf('AccountCreationRequested', { name: 'genomics', email: 'genomics@example.com' }),
    requestOf('AccountRetirementRequested', { accountId: MEMBER, resources: 'retain' }),
    requestOf('DriftSweepRequested', {}),
    requestOf('DriftSweepRequested', { accountIds: [MEMBER] }),
    requestOf('AccessReviewRequested', {}),
    requestOf('PlanRequested', { accountId: MEMBER }),
  ].map((event) => [event['detail-type'], event] as const);

  it.each([...events, ...requests])(
    'never lists the organization or reads the fleet: %s',
    async (_, event) => {
      const { intake, calls, store, put, lines } = deployment(3);
      const indexes: unknown[] = [];
      store.onCall = (_, input) => {
        if ('IndexName' in input) indexes.push(input.IndexName);
      };
      expect(await intake(batch(aMessage(event)), secondsLeft(60))).toEqual({ batchItemFailures: [] });
      expect(calls.pages ?? 0).toBe(0);
      expect(indexes).toEqual([]);
      expect(JSON.stringify(put)).not.toMatch(/InvalidRequest|InvalidEvent|SenderNotAllowed/);
      expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
    },
  );
});
