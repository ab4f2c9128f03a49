import { describe, expect, it, jest } from '@jest/globals';
import { newExternalId, refreshed, registered, withBaseline } from '../../shared/domain/records.ts';
import { anOrganizationAccount, aRecord, MEMBER } from '../kit/factories.ts';

const registration = {
  request: { accountId: MEMBER, name: 'genomics' },
  baseline: { name: 'analytics', version: 3 },
  described: anOrganizationAccount(),
  named: true,
  changedBy: 'event-9',
  time: '2026-11-21T00:00:00.000Z',
};
const by = 'listing:1';

describe('withBaseline', () => {
  it('changes the desired state, and cancels the clearing of regions', () => {
    const record = aRecord({ clearing: ['us-west-2'] });
    const changed = withBaseline(record, { name: 'wide', version: 1 }, registration.time);
    expect(changed).toMatchObject({
      baseline: { name: 'wide', version: 1 },
      generation: record.generation + 1,
    });
    expect(changed).not.toHaveProperty('clearing');
  });
});

describe('a registration', () => {
  it('makes a managed record with an ExternalId of its own', () => {
    const first = registered(undefined, registration);
    const second = registered(undefined, registration);
    expect(first).toMatchObject({ lifecycle: 'managed', mode: 'enforce', generation: 1, origin: 'created' });
    expect(first.externalId).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(second.externalId).not.toBe(first.externalId);
  });

  it('changes nothing if its content is the same', () => {
    const record = registered(undefined, registration);
    expect(
      registered(record, { ...registration, changedBy: 'event-10', time: '2027-01-01T00:00:00.000Z' }),
    ).toBe(record);
  });

  it('changes the fields that it names, and no others', () => {
    const record = registered(undefined, {
      ...registration,
      request: { ...registration.request, mode: 'observe' },
    });
    const corrected = registered(record, {
      ...registration,
      request: { ...registration.request, externalId: 'another-one' },
    });
    expect(corrected).toMatchObject({ mode: 'observe', externalId: 'another-one', generation: 2 });
  });

  it.each<[string, Parameters<typeof registered>[1], boolean]>([
    [
      'the same regions',
      { ...registration, request: { ...registration.request, regions: ['eu-west-1'] } },
      true,
    ],
    ['other values', { ...registration, request: { ...registration.request, values: { a: 'b' } } }, true],
    [
      'other regions',
      { ...registration, request: { ...registration.request, regions: ['us-west-2'] } },
      false,
    ],
    ['another baseline', { ...registration, baseline: { name: 'analytics', version: 4 } }, false],
  ])('with %s has the regions that are being cleared: the earlier ones, or none', (_, asked, stays) => {
    const record = aRecord({ regions: ['eu-west-1'], clearing: ['us-west-2'] });
    expect(registered(record, asked).clearing).toEqual(stays ? ['us-west-2'] : undefined);
    expect(registered({ ...record, lifecycle: 'retired' }, asked).clearing).toBeUndefined();
  });

  it('of an account outside the organization is of an invited one', () => {
    expect(registered(undefined, { ...registration, described: undefined }).origin).toBe('invited');
  });

  it('of an account that has left drops its unit: no listing reads it any more', () => {
    const executionRoleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
    const left = aRecord({ lifecycle: 'departed', unit: 'ou-ab12-12345678' });
    const request = { ...registration.request, executionRoleArn };
    expect(registered(left, { ...registration, request, described: undefined }).unit).toBeUndefined();
    expect(registered(left, { ...registration, request }).unit).toBe('ou-ab12-12345678');
  });

  it('without the role leaves an invited account invited', () => {
    const executionRoleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
    const first = registered(undefined, {
      ...registration,
      request: { ...registration.request, executionRoleArn },
    });
    const again = registered(first, {
      ...registration,
      request: { ...registration.request, mode: 'observe' },
    });
    expect(again).toMatchObject({ origin: 'invited', executionRoleArn, mode: 'observe' });
  });

  it.each(['retired', 'departed'] as const)('makes a %s account as it was before', (lifecycle) => {
    const asItWas = {
      executionRoleArn: `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`,
      network: { vpcId: 'vpc-12345678', subnetIds: ['subnet-12345678'] },
      regions: ['eu-central-1'],
      mode: 'observe' as const,
      values: { team: 'a' },
    };
    const record = aRecord({ lifecycle, origin: 'invited', ...asItWas });
    const back = registered(record, { ...registration, described: undefined });
    expect(back).toMatchObject({ lifecycle: 'managed', origin: 'invited', ...asItWas });
    expect(back).toMatchObject({ generation: 4, keptSince: 4 });
    const corrected = { ...registration, request: { ...registration.request, name: 'physics' } };
    expect(registered(back, corrected)).toMatchObject({ generation: 5, keptSince: 4 });
  });

  it('manages an unmanaged account, with its ExternalId', () => {
    const before = aRecord({ lifecycle: 'unmanaged', mode: 'observe' });
    expect(registered(before, registration)).toMatchObject({
      lifecycle: 'managed',
      mode: 'enforce',
      externalId: before.externalId,
      generation: before.generation + 1,
    });
  });
});

describe('a listing', () => {
  it('changes nothing if nothing has changed', () => {
    const record = aRecord();
    expect(refreshed(record, anOrganizationAccount(), by)).toBe(record);
  });

  it('saves a new name and email', () => {
    expect(refreshed(aRecord(), anOrganizationAccount({ name: 'proteomics' }), by)).toMatchObject({
      name: 'proteomics',
      generation: 4,
    });
  });

  it('leaves a name that a person gave', () => {
    const record = aRecord({ namedByRequest: true });
    expect(refreshed(record, anOrganizationAccount({ name: 'proteomics' }), by)).toBe(record);
  });

  it('marks a suspended account, and one that left', () => {
    const suspended = anOrganizationAccount({ active: false, state: 'SUSPENDED' });
    expect(refreshed(aRecord(), suspended, by)).toMatchObject({
      lifecycle: 'departed',
      lifecycleReason: 'SUSPENDED',
    });
    expect(refreshed(aRecord(), undefined, by)).toMatchObject({
      lifecycle: 'departed',
      lifecycleReason: 'DEPARTED',
    });
  });

  it('makes an account that is active again as it was before', () => {
    expect(refreshed(aRecord({ lifecycle: 'departed' }), anOrganizationAccount(), by).lifecycle).toBe(
      'managed',
    );
  });
});

describe('an ExternalId', () => {
  it('is 32 random letters and digits, none of which can be predicted', () => {
    const guessable = jest.spyOn(Math, 'random');
    const ids = Array.from({ length: 100 }, newExternalId);
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(new Set(ids.join('')).size).toBe(62);
    expect(guessable).not.toHaveBeenCalled();
    guessable.mockRestore();
  });
});
