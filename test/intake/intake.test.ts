import { describe, expect, it } from '@jest/globals';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import { Throttled } from '../../shared/domain/errors.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, aRecord, MAIN, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';

const OTHER = '567890123456';
const NOW = new Date('2026-11-20T12:00:00.000Z');

const registration = (accountId: string, detail: object = {}) => ({
  id: `event-${accountId}`,
  source: 'orgkeeper.request',
  'detail-type': 'AccountRegistrationRequested',
  account: MAIN,
  time: '2026-11-20T11:59:59Z',
  detail: { accountId, name: 'genomics', ...detail },
});
const delivery = (accountId: string, detail?: object) =>
  aMessage(registration(accountId, detail), { id: accountId });

/** The function, in an organization that describes accounts so. */
function intake(
  describe: Organization['describe'] = async (accountId) => anOrganizationAccount({ accountId }),
) {
  const fake = fakeMain([aBaselineItem()]);
  const { logger, lines } = silentLogger();
  const organization = {
    describe,
    tags: async () => ({}),
    place: async () => undefined,
    async *pages() {},
  };
  const deps = { config: aConfig(), main: fake.main, organization };
  return { ...fake, lines, handler: intakeHandler({ ...deps, logger, now: () => NOW }) };
}

describe('intakeHandler', () => {
  it('turns a registration into a record, an announcement and work', async () => {
    const { handler, main, put, sentTo } = intake();
    expect(await handler(batch(delivery(MEMBER)), secondsLeft(60))).toEqual({ batchItemFailures: [] });
    expect(await getRecord(main.table, MEMBER)).toMatchObject({ lifecycle: 'managed', name: 'genomics' });
    expect(put).toMatchObject([{ detailType: 'AccountRegistered', detail: { accountId: MEMBER } }]);
    expect(sentTo('work.fifo')).toMatchObject([{ accountId: MEMBER, cause: { id: `event-${MEMBER}` } }]);
    expect((await getRecord(main.table, MEMBER))?.owed).toBeUndefined();
  });

  it('answers an invalid request, and finishes it', async () => {
    const { handler, put, store } = intake();
    const event = batch(delivery(MEMBER, { nonsense: true }));
    expect(await handler(event, secondsLeft(60))).toEqual({ batchItemFailures: [] });
    expect(put).toMatchObject([{ detailType: 'RequestRejected', detail: { reason: 'InvalidRequest' } }]);
    expect(store.items(`account#`)).toEqual([]);
  });

  it('has one event redelivered after a backoff, and the others of its batch followed', async () => {
    const { handler, main, hidden, lines } = intake(async (accountId) => {
      if (accountId === MEMBER) throw new Throttled('Too many.');
      return anOrganizationAccount({ accountId });
    });
    const event = batch(delivery(MEMBER), delivery(OTHER), aMessage('no JSON', { id: 'unreadable' }));
    expect(await handler(event, secondsLeft(60))).toEqual({
      batchItemFailures: [{ itemIdentifier: MEMBER }],
    });
    expect(await getRecord(main.table, MEMBER)).toBeUndefined();
    expect(await getRecord(main.table, OTHER)).toMatchObject({ lifecycle: 'managed' });
    expect(hidden.map(({ receiptHandle }) => receiptHandle)).toEqual([`receipt of ${MEMBER}`]);
    expect(lines).toContain('error message failed, will be redelivered');
  });

  it('makes an event that cannot be read a dead letter', async () => {
    const { handler, sentTo } = intake();
    expect(await handler(batch(aMessage({ no: 'event' })), secondsLeft(60))).toEqual({
      batchItemFailures: [],
    });
    expect(sentTo('intake-dead')).toEqual([{ no: 'event' }]);
  });

  it('decides again if somebody else saved the record first', async () => {
    const { handler, main, store } = intake();
    const record = { ...aRecord({ name: 'physics' }), ...accountKey(MEMBER) };
    store.put(record);
    let raced = false;
    main.table.documents.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          if (/Put|Write/.test(commandName) && !raced) {
            raced = true;
            store.put({ ...record, paused: true, generation: 9, changedBy: 'event-8' });
          }
          return next(args);
        },
      { step: 'initialize', priority: 'high' },
    );
    expect(await handler(batch(delivery(MEMBER)), secondsLeft(60))).toEqual({ batchItemFailures: [] });
    expect(await getRecord(main.table, MEMBER)).toMatchObject({
      name: 'genomics',
      paused: true,
      generation: 10,
    });
  });
});
