import { describe, expect, it } from '@jest/globals';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { notReadySince } from '../../shared/domain/readiness.ts';
import { aPass, aRecord, aStatus } from '../kit/factories.ts';

const REGISTERED = '2026-01-01T00:00:00.000Z';
const RUN = '2026-11-20T02:00:00.000Z';
const ASKED = '2026-11-20T10:00:00.000Z';
const ENDED = '2026-11-20T11:00:00.000Z';
const exception = { path: 'network:*', until: '2027-01-01T00:00:00.000Z', because: 'a test', request: 'e' };
const cluster = {
  ...{ name: 'nightly', request: 'e', requester: 'r', region: 'eu-west-1', instanceType: 'm5.xlarge' },
  ...{ count: 1, release: 'emr-7.5.0', requestedAt: ASKED, until: '2026-11-20T18:00:00.000Z' },
};

/** An account that was registered long ago, was ready at its last run, and of which something was requested since. */
const since = (given: Partial<AccountRecord>, ready = true) =>
  notReadySince(
    aRecord({ generation: 4, registeredAt: REGISTERED, changedAt: REGISTERED, ...given }),
    aStatus({ observedGeneration: 3, ready, lastPass: aPass({ startedAt: RUN }) }),
  );

describe('notReadySince', () => {
  it.each<[string, Partial<AccountRecord>, string]>([
    ['a cluster was requested', { clusters: [cluster] }, ASKED],
    ['a cluster was released', { clusters: [{ ...cluster, released: ENDED }] }, ENDED],
    ['an exception was requested', { exceptions: [{ ...exception, at: ASKED }] }, ASKED],
    ['an exception was ended', { exceptions: [{ ...exception, at: ASKED, endedAt: ENDED }] }, ENDED],
    ['it was registered again', { changedAt: ENDED, clusters: [cluster] }, ENDED],
    ['its last run, if the listing changed it', {}, RUN],
  ])('is when %s, until a run has seen that', (_, given, expected) => {
    expect(since(given)).toBe(expected);
  });

  it('is undefined for an account whose last run saw what is desired, and was ready', () => {
    expect(since({ generation: 3 })).toBeUndefined();
  });

  it('stays that of the first run that was not ready, whatever was requested since', () => {
    const status = aStatus({ ready: false, unreadySince: RUN, observedGeneration: 3 });
    expect(notReadySince(aRecord({ generation: 4, changedAt: ENDED }), status)).toBe(RUN);
  });
});
