import { describe, expect, it } from '@jest/globals';
import { create, requestFor } from '../../controllers/fleet/create.ts';
import { askedFor, type Creation, REQUEST_TAG } from '../../shared/domain/creation.ts';
import { getCreation } from '../../shared/store/creations.ts';
import { fakeMain } from '../kit/fake-main.ts';

const request = { name: 'genomics', email: 'genomics@example.com', requestId: 'ticket-1' };
const cause = (id: string) => ({ source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id });
const asked = (given: Partial<Creation> = {}): Creation => ({
  ...askedFor(request, cause('event-1'), '2026-11-20T10:00:00Z'),
  ...given,
});
const failed = asked({ stage: { is: 'failed', reason: 'INTERNAL_FAILURE' }, version: 5 });

/** What becomes of a request when this one is recorded. */
async function requested(recorded: Creation | undefined, event: { id?: string; content?: object }) {
  const { id = 'event-2', content = {} } = event;
  const key = { pk: 'creation-request#ticket-1', sk: 'request' };
  const link = { pk: 'creation#car-1', sk: 'request', key: 'ticket-1' };
  const { main, sentTo } = fakeMain(recorded ? [{ ...recorded, ...key }, link] : []);
  const organization = { tags: async () => ({ [REQUEST_TAG]: 'ticket-1' }) };
  const deps = { main, organization } as unknown as Parameters<typeof requestFor>[1];
  const trigger = { cause: cause(id), time: '2026-11-20T11:00:00Z' };
  const outcome = await create({ ...request, ...content }, trigger, deps);
  return { outcome, looks: sentTo('creation'), recorded: await getCreation(main.table, 'ticket-1'), deps };
}

describe('a request for an account', () => {
  it('is recorded, and its message is sent', async () => {
    const { outcome, looks, recorded } = await requested(undefined, {});
    expect(outcome).toEqual({ did: 'accepted', announce: [], work: [] });
    expect(looks).toEqual([{ key: 'ticket-1' }]);
    expect(recorded).toMatchObject({
      request,
      stage: { is: 'waiting' },
      cause: { id: 'event-2' },
      version: 1,
    });
  });

  it('changes nothing the second time', async () => {
    const { outcome, looks, recorded } = await requested(asked(), {});
    expect(outcome).toMatchObject({ did: 'ignored' });
    expect(looks).toEqual([]);
    expect(recorded).toEqual(asked());
  });

  it('that arrives late, after a newer one failed, is refused as overtaken and starts nothing', async () => {
    const newer = asked({ ...failed, askedAt: '2026-11-20T12:00:00Z' });
    const { outcome, looks, recorded } = await requested(newer, { content: { name: 'older' } });
    expect(outcome).toMatchObject({ did: 'rejected', rejection: { reason: 'Overtaken' } });
    expect(looks).toEqual([]);
    expect(recorded).toEqual(newer);
  });

  it('is refused under the same id with other content', async () => {
    const { outcome, recorded } = await requested(asked(), { content: { name: 'physics' } });
    expect(outcome).toMatchObject({
      did: 'rejected',
      rejection: { reason: 'RequestExists', problems: [{ path: 'detail.requestId' }] },
    });
    expect(recorded).toEqual(asked());
  });

  it('starts again once it has failed, also with other content', async () => {
    const { looks, recorded } = await requested(failed, { content: { email: 'other@example.com' } });
    expect(recorded).toMatchObject({
      stage: { is: 'waiting' },
      version: 6,
      request: { email: 'other@example.com' },
    });
    expect(looks).toEqual([{ key: 'ticket-1' }]);
  });

  it('does not start again by the event that has failed', async () => {
    const { outcome, recorded } = await requested(failed, { id: 'event-1' });
    expect(outcome).toMatchObject({ did: 'ignored' });
    expect(recorded).toEqual(failed);
  });

  it('has its message sent again if a crash may have lost it', async () => {
    const { looks, recorded } = await requested(asked(), { id: 'event-1' });
    expect(looks).toEqual([{ key: 'ticket-1' }]);
    expect(recorded).toEqual(asked());
  });

  it('is refused when its baseline was never published', async () => {
    const { outcome, recorded } = await requested(undefined, { content: { baseline: 'nonsense' } });
    expect(outcome).toMatchObject({ rejection: { reason: 'UnknownBaseline' } });
    expect(recorded).toBeUndefined();
  });
});

describe('an account that AWS made', () => {
  it('is found by the id of its creation, and by its tag', async () => {
    const { deps } = await requested(asked(), {});
    expect(await requestFor({ creationId: 'car-1' }, deps)).toBe('ticket-1');
    expect(await requestFor({ creationId: 'car-2', accountId: '456789012345' }, deps)).toBe('ticket-1');
    expect(await requestFor({ creationId: 'car-2' }, deps)).toBeUndefined();
  });

  it('belongs to no request if its tag names one that is not recorded', async () => {
    const { deps } = await requested(undefined, { content: { baseline: 'nonsense' } });
    expect(await requestFor({ accountId: '456789012345' }, deps)).toBeUndefined();
  });
});
