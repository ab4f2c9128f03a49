import { describe, expect, it } from '@jest/globals';
import { skipReason } from '../../controllers/engine/gate.ts';
import { aConfig, aPass, aRecord, aStatus, MANAGEMENT } from '../kit/factories.ts';

const sentAt = new Date('2026-11-20T09:59:50.000Z');
const given = { record: aRecord(), before: aStatus(), sentAt, config: aConfig() };

describe('skipReason', () => {
  it.each([
    ['is dropped when a pass started more than 5 s after it was sent', given, true],
    [
      'is kept when the pass started only 5 s after it was sent',
      { ...given, sentAt: new Date('2026-11-20T09:59:55.000Z') },
      false,
    ],
    [
      'is kept when the pass failed',
      { ...given, before: aStatus({ lastPass: aPass({ result: 'failed' }) }) },
      false,
    ],
    [
      'is kept when the pass is waiting',
      { ...given, before: aStatus({ lastPass: aPass({ result: 'waiting' }) }) },
      false,
    ],
    [
      'is kept when the bus was not told of the pass',
      { ...given, before: aStatus({ unannounced: [{ detailType: 'AccountReady', detail: {} }] }) },
      false,
    ],
    [
      'is kept when importers were not woken yet',
      { ...given, before: aStatus({ waking: ['readers'] }) },
      false,
    ],
    ['is kept when desired state changed since', { ...given, record: aRecord({ generation: 4 }) }, false],
    ['is kept when no pass has ever been', { ...given, before: undefined }, false],
    ['is dropped for an account nobody registered', { ...given, record: undefined }, true],
    [
      'is dropped for the management account',
      { ...given, before: undefined, record: aRecord({ accountId: MANAGEMENT }) },
      true,
    ],
    [
      'is dropped for an unmanaged account',
      { ...given, before: undefined, record: aRecord({ lifecycle: 'unmanaged' }) },
      true,
    ],
    [
      'is dropped for a departed account',
      { ...given, before: undefined, record: aRecord({ lifecycle: 'departed' }) },
      true,
    ],
  ])('%s', (_, args, dropped) => {
    expect(skipReason(args) !== undefined).toBe(dropped);
  });
});
