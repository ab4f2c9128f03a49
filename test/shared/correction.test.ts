import { describe, expect, it } from '@jest/globals';
import { type Registration, registered } from '../../shared/domain/records.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { aRecord, MEMBER } from '../kit/factories.ts';

const role = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;
const wrong = aRecord({
  origin: 'invited',
  namedByRequest: true,
  executionRoleArn: role('orgkeeper-execution-typo'),
  externalId: 'a-wrong-external-id',
});

function again(existing: typeof wrong, request: Partial<RegistrationRequest>, version = 3) {
  const registration: Registration = {
    request: { accountId: MEMBER, name: 'genomics', ...request },
    baseline: { name: 'analytics', version },
    described: undefined,
    named: true,
    changedBy: 'event-9',
    time: '2026-11-21T09:14:07Z',
  };
  return registered(existing, registration);
}

describe('Registering an account again', () => {
  it.each([
    ['the ExternalId', { externalId: 'the-right-external-id' }],
    ['the role', { executionRoleArn: role('orgkeeper-execution') }],
  ])('corrects %s, keeps the rest, and requests a new run', (_, request) => {
    const given = { executionRoleArn: wrong.executionRoleArn ?? '', ...request };
    expect(again(wrong, given)).toEqual({
      ...wrong,
      ...request,
      generation: 4,
      changedBy: 'event-9',
      changedAt: '2026-11-21T09:14:07Z',
    });
  });

  it('corrects the baseline', () => {
    const corrected = again(wrong, { executionRoleArn: wrong.executionRoleArn, baseline: 'analytics@4' }, 4);
    expect(corrected).toMatchObject({ baseline: { name: 'analytics', version: 4 }, generation: 4 });
    expect(corrected.externalId).toBe(wrong.externalId);
  });

  it.each(['retired', 'retiring'] as const)(
    'makes an account active again that is %s, with its ExternalId',
    (lifecycle) => {
      const back = again({ ...wrong, lifecycle }, { executionRoleArn: role('orgkeeper-execution') });
      expect(back).toMatchObject({ lifecycle: 'managed', generation: 4, externalId: wrong.externalId });
    },
  );
});
