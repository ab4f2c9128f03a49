import { describe, expect, it } from '@jest/globals';
import { advance } from '../../controllers/create-account/advance.ts';
import type { CreationDeps } from '../../controllers/create-account/transition.ts';
import { askedFor } from '../../shared/domain/creation.ts';
import { aConfig } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const cause = { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id: 'event-1' };
const asked = askedFor(
  { name: 'genomics', email: 'genomics@example.com', requestId: 'ticket-1' },
  cause,
  '2026-11-20T10:00:00Z',
);

describe('a request for an account that cannot be read', () => {
  it('is announced once, makes no call, and stays as it is and due', async () => {
    const item = {
      ...asked,
      pk: 'creation-request#ticket-1',
      sk: 'request',
      due: 'creation',
      stage: undefined,
    };
    const { main, store, put } = fakeMain([item]);
    const deps = { config: aConfig(), main, now: () => new Date() } as unknown as CreationDeps;
    for (const _ of [1, 2])
      await expect(advance({ key: 'ticket-1' }, deps)).rejects.toThrow(
        'The item creation-request#ticket-1 / request of the table cannot be read: stage ',
      );
    expect(put.map(({ detailType, detail }) => [detailType, detail])).toEqual([
      [
        'AccountCreationFailed',
        {
          requestId: 'ticket-1',
          reason: 'UnreadableItem',
          message: expect.stringContaining('creation-request#ticket-1 / request'),
        },
      ],
    ]);
    expect(store.items('creation-request#')).toEqual([{ ...item, unreadable: expect.any(String) }]);
  });
});
