import { describe, expect, it, jest } from '@jest/globals';
import type { z } from 'zod';
import { createFaults, type Fault, type Faults } from '../../local/gateway/faults.ts';
import type { KnownCall } from '../../local/gateway/shim.ts';
import { NoAnswer, type Reply, readCall } from '../../local/gateway/wire.ts';

const DONE: Reply = { status: 200, headers: {}, body: Buffer.from('') };

interface Called {
  readonly account?: string;
  readonly region?: string;
  readonly action?: string;
  readonly params?: Record<string, unknown>;
  readonly abandoned?: () => boolean;
}

/** A call to SSM by a role of an account. */
function call(called: Called = {}): KnownCall {
  const { account = '456789012345', region = 'eu-west-1', action = 'PutParameter', abandoned } = called;
  const headers = {
    authorization: `AWS4-HMAC-SHA256 Credential=LKIA${account}/20261120/${region}/ssm/aws4_request`,
    'x-amz-target': `AmazonSSM.${action}`,
    'content-type': 'application/x-amz-json-1.1',
  };
  const body = Buffer.from(JSON.stringify(called.params ?? {}));
  const arn = `arn:aws:iam::${account}:role/access`;
  return {
    ...readCall('POST', '/', headers, body, { abandoned }),
    caller: { account, arn, principalArn: arn, userId: '' },
  };
}

/** What comes of a call: the status of its answer, or that there is none; and whether it was done. */
async function come(faults: Faults, one: KnownCall): Promise<{ status: number; done: boolean }> {
  let done = false;
  const next = async () => {
    done = true;
    return DONE;
  };
  try {
    return { status: (await faults.shim.answer(one, next)).status, done };
  } catch (error) {
    if (error instanceof NoAnswer) return { status: 0, done };
    throw error;
  }
}

function planned(...faults: z.input<typeof Fault>[]): Faults {
  const made = createFaults();
  for (const fault of faults) made.add(fault);
  return made;
}

describe('Faults at a rate', () => {
  /** 30 calls each of four kinds: two accounts, two regions. */
  const kinds = ['111111111111', '222222222222'].flatMap((account) =>
    ['eu-west-1', 'us-east-1'].map((region) => ({ account, region })),
  );
  const bad = (seed: number) =>
    planned(
      { count: 'all', rate: 0.3, seed, effect: { kind: 'throttled' } },
      { count: 'all', rate: 0.1, seed, effect: { kind: 'broken' } },
      { count: 'all', rate: 0.1, seed, effect: { kind: 'close', when: 'after' } },
    );

  /** The statuses of the calls of each kind, in the order in which they were made. */
  async function statuses(seed: number, order: (calls: Called[]) => Called[]) {
    const faults = bad(seed);
    const seen: Record<string, number[]> = {};
    for (const called of order(kinds.flatMap((kind) => Array.from({ length: 30 }, () => kind)))) {
      const key = `${called.account} ${called.region}`;
      seen[key] = [...(seen[key] ?? []), (await come(faults, call(called))).status];
    }
    return seen;
  }

  it('meet the same calls for the same seed, even with other calls between them', async () => {
    const first = await statuses(7, (calls) => calls);
    const mixed = await statuses(7, (calls) =>
      calls
        .map((one, at) => ({ one, at: (at * 37) % calls.length }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ one }) => one),
    );
    expect(mixed).toEqual(first);
    expect(await statuses(8, (calls) => calls)).not.toEqual(first);
  });

  it('meet other calls of another account, region or item', async () => {
    const seen = Object.values(await statuses(7, (calls) => calls)).map((one) => one.join());
    expect(new Set(seen).size).toBe(kinds.length);
    const faults = bad(7);
    const items: number[][] = [];
    for (const pk of ['a', 'b']) {
      const of: number[] = [];
      for (let n = 0; n < 30; n += 1) of.push((await come(faults, call({ params: { Key: { pk } } }))).status);
      items.push(of);
    }
    expect(items[0]).not.toEqual(items[1]);
  });

  it('of one seed are independent of each other', async () => {
    const all = Object.values(await statuses(7, (calls) => calls)).flat();
    const part = (status: number) => all.filter((one) => one === status).length / all.length;
    expect(part(400)).toBeGreaterThan(0.2);
    expect(part(400)).toBeLessThan(0.4);
    expect(part(500)).toBeGreaterThan(0.02);
    expect(part(0)).toBeGreaterThan(0.02);
    expect(part(200)).toBeGreaterThan(0.4);
  });
});

describe('A fault', () => {
  it('that loses the answer carries out the call; one that closes before does not', async () => {
    const effect = { kind: 'close', when: 'after' } as const;
    expect(await come(planned({ effect }), call())).toEqual({ status: 0, done: true });
    expect(await come(planned({ effect: { ...effect, when: 'before' } }), call())).toEqual({
      status: 0,
      done: false,
    });
  });

  it('of silence does not answer until the caller disconnects, and does not carry out the call', async () => {
    jest.useFakeTimers();
    try {
      let gone = false;
      const answer = jest.fn();
      const waiting = come(planned({ effect: { kind: 'silence' } }), call({ abandoned: () => gone }));
      waiting.then(answer, answer);
      await jest.advanceTimersByTimeAsync(60_000);
      expect(answer).not.toHaveBeenCalled();
      gone = true;
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await waiting).toEqual({ status: 0, done: false });
    } finally {
      jest.useRealTimers();
    }
  });

  it('that delays lets another fault meet the call as well', async () => {
    jest.useFakeTimers();
    try {
      const faults = planned(
        { count: 'all', effect: { kind: 'delay', milliseconds: 500 } },
        { count: 'all', effect: { kind: 'broken' } },
      );
      const began = Date.now();
      const answer = come(faults, call()).then(({ status }) => [status, Date.now() - began]);
      await jest.advanceTimersByTimeAsync(500);
      expect(await answer).toEqual([500, 500]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('lasts as long as is planned', async () => {
    let now = 0;
    const faults = createFaults(() => now);
    faults.add({ count: 'all', lasts: 1_000, effect: { kind: 'broken' } });
    const statuses: number[] = [];
    for (const at of [0, 999, 1_000]) {
      now = at;
      statuses.push((await come(faults, call())).status);
    }
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('with a limit meets only calls above the rate', async () => {
    let now = 0;
    const faults = createFaults(() => now);
    faults.add({ count: 'all', perSecond: 2, effect: { kind: 'throttled' } });
    const statuses: number[] = [];
    for (const at of [0, 0, 0, 400, 500, 500, 1500, 1500, 1500]) {
      now = at;
      statuses.push((await come(faults, call())).status);
    }
    expect(statuses).toEqual([200, 200, 400, 400, 200, 400, 200, 200, 400]);
  });
});
