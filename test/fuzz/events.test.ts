import { expect } from '@jest/globals';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import { requests } from '../../shared/domain/requests.ts';
import { WorkMessage } from '../../shared/domain/work.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import { getCreation } from '../../shared/store/creations.ts';
import { readRecord } from '../../shared/store/record-item.ts';
import { blocksOf, page } from '../docs/pages.ts';
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
import { aMessage, batch, secondsLeft } from '../kit/lambda.ts';
import { expectKnownErrors, expectReason, fuzz, keepingLogger } from './fuzz.ts';
import { type Json, messages } from './inputs.ts';

const NOW = new Date('2026-11-20T12:00:00.000Z');

/** The examples of docs/events.md, as events on the bus. */
const examples = blocksOf(page('docs/events.md'), 'json').flatMap(({ heading, text }): Json[] => {
  const example = JSON.parse(text);
  if (Object.hasOwn(requests, heading)) {
    const envelope = { id: 'event-1', source: 'orgkeeper.request', 'detail-type': heading, account: MAIN };
    return [{ ...envelope, time: '2026-11-20T11:59:59Z', detail: example }];
  }
  return String(example.source).startsWith('aws.') ? [{ ...example, account: MANAGEMENT }] : [];
});

const fake = fakeMain();
const { logger, errors } = keepingLogger();
const handler = intakeHandler({
  config: aConfig(),
  main: fake.main,
  organization: {
    describe: async (accountId) =>
      accountId.startsWith('5') ? undefined : anOrganizationAccount({ accountId }),
    tags: async () => ({}),
    place: async () => undefined,
    async *pages() {},
  },
  logger,
  now: () => NOW,
});

fuzz({
  name: 'event',
  inputs: messages(examples),
  runs: 16_000,
  async check(body) {
    fake.store.clear();
    fake.store.put(aBaselineItem(), { ...aRecord(), ...accountKey(MEMBER) });
    for (const list of [fake.put, fake.sent, errors]) list.length = 0;
    await handler(batch(aMessage(body, { sentAt: NOW })), secondsLeft(60));

    expectKnownErrors(errors);
    for (const { detailType, detail } of fake.put) {
      expect(detailType).toMatch(/^[A-Z][A-Za-z]+$/);
      if (detailType === 'RequestRejected') expectReason(detail as { reason: unknown; message: unknown });
      expect(JSON.stringify(detail).length).toBeLessThan(256 * 1024);
    }
    const changed = fake.store.items('account#').map((item) => readRecord(item));
    if (fake.put.some(({ detailType }) => detailType === 'RequestRejected'))
      expect(changed).toEqual([aRecord()]);
    for (const item of fake.store.items('creation-request#'))
      await getCreation(fake.main.table, String(item.key));
    for (const message of fake.sentTo('work.fifo')) WorkMessage.parse(message);
  },
});
