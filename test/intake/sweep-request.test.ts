import { describe, expect, it } from '@jest/globals';
import { sweepRequested } from '../../controllers/intake/sweep-request.ts';
import { aConfig } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

describe('a request for a sweep', () => {
  it('is refused when its baseline was never published, and nothing is swept', async () => {
    const { main, sent } = fakeMain([]);
    const deps = { config: aConfig(), main } as unknown as Parameters<typeof sweepRequested>[2];
    const incoming = {
      cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: 'event-1' },
      detail: { baseline: 'nonsense' },
      account: '',
      time: '2026-11-20T11:00:00Z',
      arrivedAt: '2026-11-20T11:00:01Z',
      redelivered: false,
    };
    expect(await sweepRequested(incoming, { baseline: 'nonsense' }, deps)).toMatchObject({
      rejection: { reason: 'UnknownBaseline', problems: [{ path: 'detail.baseline' }] },
    });
    expect(sent).toEqual([]);
  });
});
