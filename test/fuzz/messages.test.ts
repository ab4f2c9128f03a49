import { expect } from '@jest/globals';
import fc from 'fast-check';
import { createAccountHandler } from '../../controllers/create-account/create-account.ts';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import type { Organization } from '../../shared/aws/organization.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { readRecord } from '../../shared/store/record-item.ts';
import { readStatus } from '../../shared/store/status-item.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, aRecord, aStatus, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentMetrics } from '../kit/lambda.ts';
import { memoryReviewBucket } from '../kit/review-bucket.ts';
import { expectKnownErrors, fuzz, keepingLogger } from './fuzz.ts';
import { messages } from './inputs.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
const asked = { cause, requestedAt: NOW.toISOString() };
const fake = fakeMain();
const { logger, errors } = keepingLogger();
const organization: Organization = {
  describe: async (accountId) => anOrganizationAccount({ accountId }),
  tags: async () => ({}),
  place: async () => ({ units: ['r-root'], path: '/' }),
  async *pages() {
    yield { accounts: [anOrganizationAccount()] };
  },
};
const deps = {
  config: aConfig({ onboard: { since: NOW.toISOString() } }),
  main: fake.main,
  organization,
  logger,
  metrics: silentMetrics(),
  now: () => NOW,
  pause: async () => undefined,
};
const denied = async () => {
  throw new AccessDenied('Not authorized to perform sts:AssumeRole.', { remedy: 'Allow it.' });
};
const access: RunDeps['access'] = {
  enter: denied,
  evict: () => undefined,
  organization: async () => undefined,
  tryRole: denied,
};

/** Each queue's function, with messages as others of ours send them. */
const queues = {
  work: {
    handler: reconcileHandler({
      ...deps,
      access,
      kinds: [],
      outages: rememberOutages(),
      loadBaseline: ({ name, version }) => getBaseline(fake.main.table, name, version),
    }),
    examples: [
      { accountId: MEMBER, ...asked, sweepId: 'event-9' },
      { accountId: MEMBER, ...asked, plan: 'assigned' },
      { accountId: '567890123456', ...asked, plan: 'file' },
    ],
  },
  sweep: {
    handler: sweepHandler({
      ...deps,
      bucket: async () => memoryReviewBucket().bucket,
      loadMetrics: async () => silentMetrics(),
    }),
    examples: [
      { task: 'page', day: '2026-11-20' },
      { task: 'sweep', sweepId: 'event-9', baseline: 'analytics', ...asked },
      { task: 'due' },
      { task: 'list' },
    ],
  },
  creation: {
    handler: createAccountHandler({
      ...deps,
      creator: { create: denied, status: denied, statuses: denied, parent: denied, move: denied },
    }),
    examples: [{ key: 'ticket-4711' }, { key: 'ticket-4711', answered: true }],
  },
};

fuzz({
  name: 'message',
  inputs: fc.oneof(
    ...Object.entries(queues).map(([queue, { examples }]) =>
      messages(examples).map((body) => [queue as keyof typeof queues, body] as const),
    ),
  ),
  runs: 14_000,
  async check([queue, body]) {
    fake.store.clear();
    fake.store.put(
      aBaselineItem(),
      { ...aRecord(), ...accountKey(MEMBER), collection: 'account', collectionKey: MEMBER },
      { ...aStatus(), ...statusKey(MEMBER) },
    );
    for (const list of [fake.put, fake.sent, errors]) list.length = 0;
    const { handler } = queues[queue];
    const answer = await handler(batch(aMessage(body, { sentAt: NOW })), secondsLeft(300));
    expectKnownErrors(errors);
    const buried = fake.sent.filter((one) => one.queue.includes('dead'));
    if (buried.length > 0) expect(errors).toHaveLength(1);
    if (errors.length === 0) expect(answer.batchItemFailures).toEqual([]);
    for (const item of fake.store.items('account#')) {
      if (item.sk === 'desired') expect(readRecord(item)).toEqual(aRecord());
      if (item.sk === 'status') readStatus(item);
    }
  },
});
