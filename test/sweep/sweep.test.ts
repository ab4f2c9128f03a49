import { describe, expect, it } from '@jest/globals';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import type { Config } from '../../shared/deployment/config.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { textIn } from '../kit/html.ts';
import { aMessage, batch, secondsLeft, silentLogger, silentMetrics } from '../kit/lambda.ts';
import { memoryReviewBucket } from '../kit/review-bucket.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const NEW = '567890123456';
const sweep = {
  task: 'sweep',
  sweepId: 'sweep-1',
  cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'sweep-1' },
  requestedAt: NOW.toISOString(),
};

/** The function, with one managed account that is due, in an organization with that one and a new one. */
function sweeping(given: { config?: Partial<Config>; listing?: () => Promise<void> } = {}) {
  const collection = { collection: 'account', collectionKey: MEMBER };
  const fake = fakeMain([
    aBaselineItem(),
    { ...aRecord(), ...accountKey(MEMBER), ...collection },
    { ...aStatus({ dueAt: '2026-11-20T11:59:00.000Z' }), ...statusKey(MEMBER), due: 'due' },
  ]);
  const { logger, lines } = silentLogger();
  const joined = anOrganizationAccount({ accountId: NEW, joinedAt: NOW.toISOString() });
  const organization = {
    describe: async () => joined,
    tags: async () => ({}),
    place: async () => ({ units: ['r-root'], path: '/' }),
    async *pages() {
      await given.listing?.();
      yield { accounts: [anOrganizationAccount(), joined] };
    },
  };
  const config = aConfig({ onboard: { since: '2026-11-20T00:00:00.000Z' }, ...given.config });
  const { bucket: pages, objects } = memoryReviewBucket();
  const handler = sweepHandler({
    ...{ config, main: fake.main, organization, logger },
    bucket: async () => pages,
    loadMetrics: async () => silentMetrics(),
    now: () => NOW,
  });
  return { ...fake, handler, lines, objects };
}
const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('sweepHandler', () => {
  it('sends work to every managed account for a sweep', async () => {
    const { handler, sentTo } = sweeping();
    expect(await handler(batch(aMessage(sweep)), secondsLeft(300))).toEqual(failed());
    expect(sentTo('work.fifo')).toContainEqual(
      expect.objectContaining({ accountId: MEMBER, sweepId: 'sweep-1', cause: sweep.cause }),
    );
  });

  it('sends work to every account and request that is due', async () => {
    const { handler, sentTo } = sweeping();
    expect(await handler(batch(aMessage({ task: 'due' })), secondsLeft(300))).toEqual(failed());
    expect(sentTo('work.fifo')).toMatchObject([{ accountId: MEMBER, cause: { detailType: 'Due' } }]);
  });

  it('sends work to every account that is due although the bus takes no events, and comes again', async () => {
    const { handler, main, sentTo, store, lines } = sweeping();
    const owed = { announce: [{ detailType: 'AccountRegistered', detail: {} }], work: [] };
    const owing = { due: 'owed', dueAt: '2026-11-20T11:58:00.000Z', owed };
    store.put({ ...aRecord({ accountId: NEW }), ...owing, ...accountKey(NEW) });
    main.bus.eventBridge.send = () => Promise.reject(new Error('no bus'));
    const message = aMessage({ task: 'due' }, { id: 'tick' });
    expect(await handler(batch(message), secondsLeft(300))).toEqual(failed('tick'));
    expect(sentTo('work.fifo')).toMatchObject([{ accountId: MEMBER, cause: { detailType: 'Due' } }]);
    expect(lines).toContain('error due work failed');
  });

  it('puts the page of the fleet into the bucket under its day, and replaces it if the message comes again', async () => {
    const { handler, objects } = sweeping();
    for (let time = 0; time < 2; time++)
      expect(await handler(batch(aMessage({ task: 'page', day: '2026-11-20' })), secondsLeft(300))).toEqual(
        failed(),
      );
    expect([...objects.keys()]).toEqual(['reports/2026-11-20.html']);
    expect(textIn(objects.get('reports/2026-11-20.html') ?? '')).toContain('Made 2026-11-20 12:00:00Z');
  });

  it('registers new accounts of the organization', async () => {
    const { handler, sentTo, store } = sweeping();
    expect(await handler(batch(aMessage({ task: 'list' })), secondsLeft(300))).toEqual(failed());
    expect(store.items(`account#${NEW}`)).toMatchObject([{ lifecycle: 'managed' }]);
    expect(sentTo('work.fifo')).toMatchObject([{ accountId: NEW }]);
  });

  it('sends itself a message for the rest when its time is nearly over', async () => {
    const { handler, sentTo } = sweeping();
    expect(await handler(batch(aMessage(sweep)), secondsLeft(19))).toEqual(failed());
    expect(sentTo('sweep')).toEqual([sweep]);
  });

  it('has a failed task redelivered, carries out the others, and makes an invalid one a dead letter', async () => {
    // The sweep lists the organization as well: by then, AWS is back.
    let listings = 0;
    const listing = async () => {
      listings += 1;
      if (listings === 1) throw new Error('AWS is gone');
    };
    const { handler, sentTo, lines } = sweeping({ listing });
    const event = batch(
      aMessage({ task: 'list' }, { id: 'listing' }),
      aMessage({ task: 'dance' }, { id: 'unreadable' }),
      aMessage(sweep, { id: 'sweep' }),
    );
    expect(await handler(event, secondsLeft(300))).toEqual(failed('listing'));
    expect(sentTo('sweep-dead')).toEqual([{ task: 'dance' }]);
    expect(sentTo('work.fifo')).toMatchObject([
      { cause: { detailType: 'DriftSweepRequested' } },
      { cause: { detailType: 'Listing' } },
    ]);
    expect(lines).toContain('error message failed, will be redelivered');
  });

  it.each([
    ['notes the first minute of a deployment, once', {}, NOW.toISOString()],
    ['notes none where the configuration says since when', { since: '2026-11-01T00:00:00.000Z' }, undefined],
  ])('%s', async (_, onboard, since) => {
    const { handler, store } = sweeping({ config: { onboard } });
    await handler(batch(aMessage({ task: 'due' })), secondsLeft(300));
    expect(store.items('control').find(({ since }) => since)?.since).toBe(since);
    const updates = store.calls.UpdateCommand;
    await handler(batch(aMessage({ task: 'due' })), secondsLeft(300));
    expect(store.calls.UpdateCommand).toBe(updates);
  });
});
