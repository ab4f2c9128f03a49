import { describe, expect, it, jest } from '@jest/globals';
import { createDeliveries } from '../../local/gateway/deliveries.ts';
import { useTestTime } from '../kit/clock.ts';

useTestTime();

/** What is sent, and whether it arrives. */
function sender(arrives: () => boolean = () => true) {
  const sent: number[] = [];
  return { sent, send: async () => sent.push(Date.now()) > 0 && arrives() };
}

describe('Deliveries', () => {
  it('are made at once, and once, without a plan', async () => {
    const { sent, send } = sender();
    expect(await createDeliveries().deliver(send)).toBe(true);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
  });

  it('say that they could not be made', async () => {
    const { send } = sender(() => false);
    expect(await createDeliveries().deliver(send)).toBe(false);
  });

  it('are late by no more than is planned, and tried until one arrives', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ delayed: 1, milliseconds: 1_000 });
    const { sent, send } = sender(() => sent.length === 3);
    expect(await deliveries.deliver(send)).toBe(true);
    expect(sent).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(sent).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
  });

  it('are made twice for the planned part', async () => {
    const deliveries = createDeliveries();
    deliveries.plan({ doubled: 0.5, milliseconds: 1_000 });
    const { sent, send } = sender();
    for (let at = 0; at < 200; at += 1) await deliveries.deliver(send);
    expect(sent).toHaveLength(200);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(sent.length).toBeGreaterThan(260);
    expect(sent.length).toBeLessThan(340);
  });
});
