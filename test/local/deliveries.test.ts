import { describe, expect, it, jest } from '@jest/globals';
import { createDeliveries } from '../../local/gateway/deliveries.ts';
import { useTestTime } from '../kit/clock.ts';

useTestTime();

const QUEUE = 'arn:aws:sqs:eu-west-1:345678901234:intake';

/** Deliveries to one queue: what is sent, and whether it arrives. */
function sender(arrives: () => boolean = () => true) {
  const sent: string[] = [];
  return {
    sent,
    delivery: (name = 'one', kind = 'Try') => ({
      queue: QUEUE,
      kind,
      send: async () => sent.push(name) > 0 && arrives(),
    }),
  };
}

/** The names 0, 1, 2 … of so many events. */
const names = (count: number) => Array.from({ length: count }, (_, at) => String(at));

describe('Deliveries', () => {
  it('are made immediately, and once, without a plan', async () => {
    const { sent, delivery } = sender();
    expect(await createDeliveries().deliver(delivery())).toBe(true);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });

  it('report that they could not be made', async () => {
    const { delivery } = sender(() => false);
    expect(await createDeliveries().deliver(delivery())).toBe(false);
  });

  it('are late by at most the planned time, and are retried until one arrives', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ delayed: 1, milliseconds: 1_000 });
    const { sent, delivery } = sender(() => sent.length === 3);
    expect(await deliveries.deliver(delivery())).toBe(true);
    expect(sent).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
  });

  it('are made twice for the planned part', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ doubled: 0.5, milliseconds: 1_000 });
    const { sent, delivery } = sender();
    for (let at = 0; at < 200; at += 1) await deliveries.deliver(delivery());
    expect(sent).toHaveLength(200);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(sent.length).toBeGreaterThan(260);
    expect(sent.length).toBeLessThan(340);
  });

  it('are never made for the planned part, and report success', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ dropped: 0.5 });
    const { sent, delivery } = sender();
    const told = await Promise.all(names(200).map(() => deliveries.deliver(delivery())));
    expect(told).toEqual(names(200).map(() => true));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent.length).toBeGreaterThan(70);
    expect(sent.length).toBeLessThan(130);
  });

  it('are overtaken by the next one for the planned part, and none is lost', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ reordered: 0.5, milliseconds: 1_000 });
    const { sent, delivery } = sender();
    for (const name of names(100)) {
      await deliveries.deliver(delivery(name));
      await jest.advanceTimersByTimeAsync(1);
    }
    await jest.advanceTimersByTimeAsync(1_000);
    expect(sent).not.toEqual(names(100));
    expect(sent.toSorted((a, b) => Number(a) - Number(b))).toEqual(names(100));
    const places = sent.map((name, at) => at - Number(name));
    expect(places.filter((moved) => moved !== 0).length).toBeGreaterThan(20);
  });

  it('to other queues than the planned one are made immediately, and once', async () => {
    const deliveries = createDeliveries();
    const { sent, delivery } = sender();
    deliveries.plan({ dropped: 1, queue: 'other' });
    await deliveries.deliver(delivery());
    expect(sent).toHaveLength(1);
    deliveries.plan({ dropped: 1, queue: 'intake' });
    await deliveries.deliver(delivery());
    expect(sent).toHaveLength(1);
  });

  it('that wait to be overtaken are made after the maximum time, and when the plan is dropped', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ reordered: 1, milliseconds: 1_000 });
    const { sent, delivery } = sender();
    await deliveries.deliver(delivery('in time'));
    expect(sent).toEqual([]);
    await jest.advanceTimersByTimeAsync(1_001);
    expect(sent).toEqual(['in time']);
    await deliveries.deliver(delivery('let go'));
    deliveries.clear();
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toEqual(['in time', 'let go']);
  });

  it('have the same fates for the same seed, in whatever order the kinds of events come', async () => {
    const fates = async (seed: number, order: (events: [string, string][]) => [string, string][]) => {
      const deliveries = createDeliveries();
      deliveries.plan({ dropped: 0.3, doubled: 0.3, seed, milliseconds: 1_000 });
      const { sent, delivery } = sender();
      const events = ['A', 'B', 'C'].flatMap((kind) => names(20).map((n): [string, string] => [kind, n]));
      for (const [kind, n] of order(events)) await deliveries.deliver(delivery(`${kind} ${n}`, kind));
      await jest.advanceTimersByTimeAsync(2_000);
      return sent.toSorted();
    };
    const first = await fates(7, (events) => events);
    expect(await fates(7, (events) => events.toSorted(([, a], [, b]) => Number(a) - Number(b)))).toEqual(
      first,
    );
    expect(await fates(8, (events) => events)).not.toEqual(first);
  });
});
