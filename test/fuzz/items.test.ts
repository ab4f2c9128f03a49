import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { RunDeps } from '../../controllers/engine/model.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { reconcileHandler } from '../../controllers/reconcile/reconcile.ts';
import { sweepHandler } from '../../controllers/sweep/sweep.ts';
import { rememberOutages } from '../../shared/aws/outages.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { AccessDenied, UnreadableItem } from '../../shared/domain/errors.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import type { Item } from '../../shared/store/item.ts';
import { aBaselineItem, aConfig, anOrganizationAccount, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentMetrics } from '../kit/lambda.ts';
import { noBucket } from '../kit/review-bucket.ts';
import { items, recordedAt, sorts } from '../kit/stored-items.ts';
import { expectKnownErrors, expectReason, fuzz, keepingLogger } from './fuzz.ts';
import { type Json, nearly } from './inputs.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');
const fake = fakeMain();
const { logger, errors } = keepingLogger();

/** Items near to one that was recorded, under its own key. */
function itemsNear(pk: string, sk: string): fc.Arbitrary<Item> {
  const { pk: _, sk: __, ...content } = recordedAt(pk, sk);
  const keys = { pk, sk: String(recordedAt(pk, sk).sk) };
  return nearly([content as Json]).map((changed) => ({
    ...(changed !== null && typeof changed === 'object' && !Array.isArray(changed) ? changed : {}),
    ...keys,
  }));
}

/** Any item near to a recorded one, with the number of its sort. */
const any = fc.oneof(
  ...sorts.map(([, [pk, sk]], sort) => itemsNear(pk, sk).map((item): [number, Item] => [sort, item])),
);

fuzz({
  name: 'item',
  inputs: any,
  runs: 31_000,
  async check([sort, item]) {
    const [, , read] = sorts[sort] ?? [];
    fake.store.clear();
    fake.store.put(item);
    try {
      await read?.(fake.main.table);
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      expectReason(error);
      expect(error.message).toContain(`${item.pk} / ${item.sk}`);
    }
  },
});

const enter = async () => {
  throw new AccessDenied('Not authorized to perform sts:AssumeRole.', { remedy: 'Allow it.' });
};
const access: RunDeps['access'] = {
  enter,
  evict: () => undefined,
  organization: async () => undefined,
  tryRole: enter,
};
const deps = {
  config: aConfig({ onboard: { since: NOW.toISOString() } }),
  main: fake.main,
  logger,
  metrics: silentMetrics(),
  now: () => NOW,
  pause: async () => undefined,
};
const reconciling = [[], kinds].map((kinds) =>
  reconcileHandler({
    ...deps,
    access,
    kinds,
    outages: rememberOutages(),
    loadBaseline: ({ name, version }) => getBaseline(fake.main.table, name, version),
  }),
);
const sweeping = sweepHandler({
  ...deps,
  bucket: noBucket,
  loadMetrics: async () => silentMetrics(),
  organization: {
    describe: async (accountId) => anOrganizationAccount({ accountId }),
    tags: async () => ({}),
    place: async () => ({ units: ['r-root'], path: '/' }),
    async *pages() {
      yield { accounts: [anOrganizationAccount()] };
    },
  },
});
const cause = { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-9' };
const asked = { cause, requestedAt: NOW.toISOString() };
const tasks = [
  [sweeping, { task: 'due' }],
  [sweeping, { task: 'list' }],
  [sweeping, { task: 'sweep', sweepId: 'event-2', ...asked }],
  ...reconciling.map((handler) => [handler, { accountId: MEMBER, ...asked }] as const),
] as const;

fuzz({
  name: 'table',
  inputs: any,
  runs: 3_000,
  async check([, item]) {
    fake.store.clear();
    fake.store.put(aBaselineItem(), ...items, item);
    for (const [handler, message] of tasks) {
      for (const list of [fake.put, fake.sent, errors]) list.length = 0;
      await handler(batch(aMessage(message, { sentAt: NOW })), secondsLeft(300));
      expectKnownErrors(errors);
      for (const { detail } of fake.put) {
        if (detail.reason !== undefined) expectReason(detail as { reason: unknown; message: unknown });
      }
    }
    const parts = await loadAccount(fake.main.table, MEMBER).catch((error: unknown) => {
      if (error instanceof UnreadableItem) return undefined;
      throw error;
    });
    const { record } = parts ?? {};
    if (!parts || !record) return;
    for (const { type, message } of accountView({ ...parts, record, now: new Date() }).conditions)
      expect(type + message).toMatch(/\S/);
  },
});
