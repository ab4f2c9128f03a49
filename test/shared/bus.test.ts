import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { describe, expect, it, jest } from '@jest/globals';
import { putEvents } from '../../shared/aws/bus.ts';
import { answering, on } from '../kit/sdk.ts';

/** A bus that takes everything, and what each call put. */
function listeningBus() {
  const calls: PutEventsRequestEntry[][] = [];
  const eventBridge = answering(
    new EventBridgeClient({ region: 'eu-west-1' }),
    on(PutEventsCommand, ({ Entries = [] }) => {
      calls.push(Entries);
      return { Entries: Entries.map((_, index) => ({ EventId: `${calls.length}-${index}` })) };
    }),
  );
  return { calls, bus: { name: 'orgkeeper', eventBridge } };
}

const event = (bytes: number) => ({ detailType: 'DriftDetected', detail: { text: 'x'.repeat(bytes) } });

describe('putEvents', () => {
  it('sends ten events a call at most, in order', async () => {
    const { calls, bus } = listeningBus();
    const events = Array.from({ length: 23 }, (_, n) => ({ detailType: 'AccountReady', detail: { n } }));
    const ids = await putEvents(bus, events, 'orgkeeper');
    expect(calls.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(calls.flat().map(({ Detail = '' }) => JSON.parse(Detail).n)).toEqual(events.map((_, n) => n));
    expect(ids).toHaveLength(23);
  });

  it.each([
    ['three that fit together', [80_000, 80_000, 80_000], [3]],
    ['three of which two fit together', [120_000, 120_000, 120_000], [2, 1]],
    ['a large one between small ones', [10, 261_000, 10_000, 10], [2, 2]],
    ['one that is too large, which EventBridge refuses by itself', [10, 400_000, 10], [1, 1, 1]],
  ])('splits by bytes: %s', async (_, sizes, expected) => {
    const { calls, bus } = listeningBus();
    await putEvents(bus, sizes.map(event), 'orgkeeper');
    expect(calls.map(({ length }) => length)).toEqual(expected);
  });

  it('sends entries again that EventBridge throttles, after a pause each time', async () => {
    const times: number[] = [];
    const eventBridge = answering(
      new EventBridgeClient({ region: 'eu-west-1' }),
      on(PutEventsCommand, ({ Entries = [] }) => {
        times.push(performance.now());
        if (times.length === 3) return { Entries: Entries.map(() => ({ EventId: 'put' })) };
        return { Entries: Entries.map(() => ({ ErrorCode: 'ThrottlingException', ErrorMessage: 'Slow.' })) };
      }),
    );
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    try {
      expect(await putEvents({ name: 'orgkeeper', eventBridge }, [event(10)], 'orgkeeper')).toEqual(['put']);
    } finally {
      random.mockRestore();
    }
    const [first = 0, second = 0, third = 0] = times;
    expect([second - first, third - second].map((pause) => pause > 90)).toEqual([true, true]);
  });

  it('asks once for an event that EventBridge will refuse again, and says why and what to do', async () => {
    let calls = 0;
    const eventBridge = answering(
      new EventBridgeClient({ region: 'eu-west-1' }),
      on(PutEventsCommand, () => {
        calls += 1;
        return { Entries: [{ EventId: 'put' }, { ErrorCode: 'InvalidArgument', ErrorMessage: 'No.' }] };
      }),
    );
    const put = putEvents({ name: 'orgkeeper', eventBridge }, [event(10), event(10)], 'orgkeeper');
    await expect(put).rejects.toMatchObject({
      reason: 'EventRefused',
      message: 'EventBridge refuses an event: InvalidArgument No.',
      remedy: expect.stringContaining('correct what the event holds'),
    });
    expect(calls).toBe(1);
  });

  it('counts bytes, not characters', async () => {
    const { calls, bus } = listeningBus();
    const wide = { detailType: 'DriftDetected', detail: { text: '€'.repeat(50_000) } };
    await putEvents(bus, [wide, wide], 'orgkeeper');
    expect(calls.map(({ length }) => length)).toEqual([1, 1]);
  });
});
