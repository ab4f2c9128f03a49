import { describe, expect, it } from '@jest/globals';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { createAccountResult } from '../../controllers/intake/create-account-result.ts';
import { askedFor, type Creation, type CreationStage } from '../../shared/domain/creation.ts';
import { aConfig } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const asked: Creation = askedFor(
  { name: 'genomics', email: 'genomics@example.com', requestId: 'ticket-1' },
  { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id: 'event-1' },
  '2026-11-20T10:00:00Z',
);
const createAccountStatus = { id: 'car-1', state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' };
const failure = {
  cause: { source: 'aws.organizations', detailType: 'AWS Service Event via CloudTrail', id: 'result-1' },
  detail: { serviceEventDetails: { createAccountStatus } },
  account: '210987654321',
  time: '2026-11-20T10:00:02Z',
  arrivedAt: '2026-11-20T10:00:03Z',
  redelivered: false,
};

/** Main with a request that stands here, inside the rate limit, and linked with this id of AWS. */
function mainWith(stage: CreationStage, linked?: string) {
  const items = [
    { pk: 'creation-request#ticket-1', sk: 'request', ...asked, stage },
    { pk: 'control', sk: 'creations', version: 1, fullAt: asked.askedAt, inside: { 'ticket-1': '' } },
    ...(linked ? [{ pk: `creation#${linked}`, sk: 'request', key: 'ticket-1' }] : []),
  ];
  const { main, sentTo } = fakeMain(items);
  return { deps: { config: aConfig(), main } as unknown as FleetDeps, sentTo };
}

describe('an account that AWS did not create', () => {
  it('is left to the request that the event answers', async () => {
    const { deps, sentTo } = mainWith({ is: 'creating', creationId: 'car-1', looks: 0 }, 'car-1');
    expect(await createAccountResult(failure, deps)).toEqual({ did: 'accepted', announce: [], work: [] });
    expect(sentTo('creation')).toEqual([{ key: 'ticket-1', answered: true }]);
  });

  it('is not announced while CreateAccount is being called, but retried: the event may be the answer', async () => {
    const { deps } = mainWith({ is: 'calling', calledAt: '2026-11-20T10:00:01Z' });
    await expect(createAccountResult(failure, deps)).rejects.toThrow(/may be the answer/);
  });

  it('is announced once, if the event answers none of our requests', async () => {
    const { deps } = mainWith({ is: 'creating', creationId: 'car-2', looks: 3 }, 'car-2');
    expect(await createAccountResult(failure, deps)).toMatchObject({
      announce: [{ detailType: 'AccountCreationFailed', detail: { creationId: 'car-1' } }],
    });
    expect(await createAccountResult(failure, deps)).toMatchObject({ did: 'ignored' });
  });
});
