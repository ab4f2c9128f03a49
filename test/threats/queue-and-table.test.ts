import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { createAccess } from '../../shared/aws/access.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { accountKey, getRecord } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { aBaselineItem, aConfig, aRecord, MANAGEMENT, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger, silentMetrics } from '../kit/lambda.ts';

const OTHER = '567890123456';
const NOW = new Date('2026-11-20T12:00:00.000Z');

afterEach(() => void jest.restoreAllMocks());

/** The reconcile function with these accounts recorded, and the accounts that it entered. */
function reconciling(...records: ReturnType<typeof aRecord>[]) {
  const fake = fakeMain([
    aBaselineItem(),
    ...records.map((record) => ({ ...record, ...accountKey(record.accountId) })),
  ]);
  const entered: string[] = [];
  const { logger } = silentLogger();
  const handler = reconcileHandler({
    config: aConfig(),
    main: fake.main,
    access: {
      async enter({ accountId }) {
        entered.push(accountId);
        return { accessKeyId: 'x', secretAccessKey: 'x' };
      },
      evict: () => undefined,
      organization: async () => undefined,
      tryRole: () => Promise.reject(new Error('nobody tries a role here')),
    },
    kinds: [],
    outages: rememberOutages(),
    loadBaseline: ({ name, version }) => getBaseline(fake.main.table, name, version),
    logger,
    metrics: silentMetrics(),
    now: () => NOW,
    pause: async () => undefined,
  });
  const send = (message: object) => handler(batch(aMessage(message, { sentAt: NOW })), secondsLeft(300));
  return { ...fake, send, entered };
}

const forged = (accountId: string, more: object = {}) => ({
  accountId,
  cause: { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'forged' },
  requestedAt: NOW.toISOString(),
  ...more,
});

describe('Somebody who can only send to the work queue', () => {
  it.each([
    ['that nobody registered', []],
    ['that is not managed', [aRecord({ accountId: OTHER, lifecycle: 'unmanaged' })]],
    ['that is retired', [aRecord({ accountId: OTHER, lifecycle: 'retired' })]],
    ['that left', [aRecord({ accountId: OTHER, lifecycle: 'departed' })]],
  ])('cannot have an account entered %s', async (_, records) => {
    for (const more of [{}, { plan: 'assigned' }, { plan: 'file' }]) {
      const { send, entered, put, store } = reconciling(...records);
      await send(forged(OTHER, more));
      expect(entered).toEqual([]);
      expect(put).toEqual([]);
      expect(store.items('account#')).toHaveLength(records.length);
    }
  });

  it('cannot have the management account entered, even by a record of it in the table', async () => {
    const { send, entered } = reconciling(aRecord({ accountId: MANAGEMENT }));
    await send(forged(MANAGEMENT));
    expect(entered).toEqual([]);
  });

  it('cannot change the desired state of an account: a message only names the account to run', async () => {
    const { send, main, sentTo } = reconciling(aRecord());
    await send(forged(MEMBER, { baseline: 'mine', executionRoleArn: 'arn:aws:iam::1:role/x' }));
    expect(sentTo('work-dead.fifo')).toHaveLength(1);
    await send(forged(MEMBER));
    expect(await getRecord(main.table, MEMBER)).toEqual(aRecord());
  });
});

describe('Somebody who can only write to the table', () => {
  it('cannot change the host of a link by an invalid region', async () => {
    const { main } = reconciling(aRecord({ regions: ['evil.example/x#'] }));
    await expect(getRecord(main.table, MEMBER)).rejects.toThrow('regions[0] must be a region');
  });

  it('cannot have an account entered by a role of another account', async () => {
    const send = jest.spyOn(STSClient.prototype, 'send');
    const access = createAccess({ config: aConfig(), organizationRole: 'entering' });
    const record = aRecord({
      accountId: OTHER,
      executionRoleArn: `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`,
    });
    await expect(access.enter(record, { name: 'run-1' })).rejects.toMatchObject({
      name: 'InvalidDesiredState',
      message: expect.stringContaining(`is not in account ${OTHER}`),
      remedy: expect.stringMatching(/\.$/),
    });
    expect(send).not.toHaveBeenCalled();
  });
});
