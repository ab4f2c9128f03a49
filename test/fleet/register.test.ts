import { describe, expect, it } from '@jest/globals';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { register } from '../../controllers/fleet/register.ts';
import type { OrganizationAccount } from '../../shared/domain/organization.ts';
import type { RegistrationRequest } from '../../shared/domain/requests.ts';
import { accountKey, getRecord, statusKey } from '../../shared/store/accounts.ts';
import {
  aBaselineItem,
  aConfig,
  anOrganizationAccount,
  aRecord,
  aStatus,
  MANAGEMENT,
  MEMBER,
} from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';

const trigger = {
  cause: { source: 'orgkeeper.request', detailType: 'AccountRegistrationRequested', id: 'event-1' },
  time: '2026-11-20T10:00:00Z',
};

/** What becomes of a registration where no baseline was ever published. */
async function registering(
  more: Partial<RegistrationRequest>,
  described: OrganizationAccount | undefined = undefined,
) {
  const { main } = fakeMain([]);
  const deps = { main, config: aConfig() } as unknown as FleetDeps;
  const request = { accountId: MEMBER, name: 'genomics', ...more };
  const outcome = await register(request, described, trigger, deps);
  expect(await getRecord(main.table, request.accountId)).toBeUndefined();
  return outcome;
}

describe('a registration that names no baseline', () => {
  const assigned = { name: 'assigned', version: 2 };
  it.each([
    ['leaves that of a kept account', 'managed', 'rules', assigned],
    ['brings a retired account back to the one that a person chose', 'retired', 'request', assigned],
    [
      'lets the rules choose anew where they had chosen',
      'retired',
      'rules',
      { name: 'analytics', version: 3 },
    ],
  ] as const)('%s', async (_, lifecycle, baselineBy, baseline) => {
    const record = aRecord({ lifecycle, baselineBy, baseline: assigned, changedBy: 'event-0' });
    const { main } = fakeMain([{ ...record, ...accountKey(MEMBER) }, aBaselineItem()]);
    const deps = { main, config: aConfig() } as unknown as FleetDeps;
    await register({ accountId: MEMBER, name: 'physics' }, anOrganizationAccount(), trigger, deps);
    expect(await getRecord(main.table, MEMBER)).toMatchObject({ lifecycle: 'managed', baseline, baselineBy });
  });
});

describe('a registration with the same content', () => {
  const access = { type: 'Access', message: '', changedAt: '' };
  /** What comes of it where Access says this, and the generation of the record afterwards. */
  const again = async (
    status: 'True' | 'False' | 'Unknown',
    reason: string,
    more: { changedBy?: string; source?: string } = {},
  ) => {
    const { changedBy = 'event-0', source = 'orgkeeper.request' } = more;
    const byPerson = source === 'orgkeeper.request';
    const record = aRecord({ changedBy, ...(byPerson && { namedByRequest: true }) });
    const { main } = fakeMain([
      { ...record, ...accountKey(MEMBER) },
      { ...aStatus({ conditions: [{ ...access, status, reason }] }), ...statusKey(MEMBER) },
    ]);
    const deps = { main, config: aConfig() } as unknown as FleetDeps;
    const event = { ...trigger, cause: { ...trigger.cause, source } };
    const request = { accountId: MEMBER, name: record.name };
    const { did } = await register(request, anOrganizationAccount(), event, deps);
    return { did, generation: (await getRecord(main.table, MEMBER))?.generation };
  };

  it('changes nothing', async () => {
    expect(await again('True', 'Verified')).toEqual({ did: 'ignored', generation: 3 });
  });

  it('requests a rolled-back change of the role once more', async () => {
    expect(await again('False', 'ChangePutBack')).toEqual({ did: 'accepted', generation: 4 });
  });

  it('does not request the change once more while it is still tried', async () => {
    expect(await again('Unknown', 'ChangePutBack')).toEqual({ did: 'ignored', generation: 3 });
  });

  it('requests the change once for an event, and never for one of AWS', async () => {
    const twice = await again('False', 'ChangePutBack', { changedBy: 'event-1' });
    expect(twice).toEqual({ did: 'ignored', generation: 3 });
    const ofAws = await again('False', 'ChangePutBack', { source: 'aws.organizations' });
    expect(ofAws).toEqual({ did: 'ignored', generation: 3 });
  });
});

describe('a registration that is refused', () => {
  it('is answered with all problems, and the reason of the first', async () => {
    expect(await registering({ baseline: 'nonsense' })).toEqual({
      did: 'rejected',
      rejection: {
        reason: 'NotInOrganization',
        message:
          `Account ${MEMBER} is not in the organization, and there is no executionRoleArn to enter it. ` +
          'baseline nonsense was never published.',
        problems: [
          {
            path: 'detail.accountId',
            message: 'is not in the organization, and there is no executionRoleArn to enter it',
          },
          { path: 'detail.baseline', message: 'baseline nonsense was never published' },
        ],
      },
    });
  });

  it('names problems of role, account and baseline together', async () => {
    const executionRoleArn = `arn:aws:iam::${MEMBER}:role/something-else`;
    const suspended = anOrganizationAccount({ active: false, state: 'SUSPENDED' });
    expect(await registering({ executionRoleArn, baseline: 'nonsense@7' }, suspended)).toMatchObject({
      rejection: {
        reason: 'InvalidRequest',
        problems: [
          { path: 'detail.executionRoleArn', message: expect.stringMatching(/must match/) },
          { path: 'detail.accountId', message: 'is SUSPENDED in the organization' },
          { path: 'detail.baseline' },
        ],
      },
    });
  });

  it('is refused with an access role that Orgkeeper cannot assume, and followed with one that it can', async () => {
    const refused = await registering({ accessRoleName: 'SomeAdmin' }, anOrganizationAccount());
    expect(refused).toMatchObject({
      rejection: {
        reason: 'InvalidRequest',
        problems: [
          { path: 'detail.accessRoleName', message: expect.stringMatching(/one of accessRoleNames/) },
        ],
      },
    });
    const [known] = aConfig().accessRoleNames;
    expect(
      await registering({ accessRoleName: known, baseline: 'nonsense' }, anOrganizationAccount()),
    ).toMatchObject({
      rejection: { problems: [{ path: 'detail.baseline' }] },
    });
  });

  it('is refused with a region of another partition', async () => {
    const outcome = await registering({ regions: ['eu-west-1', 'us-gov-west-1'] }, anOrganizationAccount());
    expect(JSON.stringify(outcome)).toContain(
      'us-gov-west-1 is not in the partition aws, where the accounts are',
    );
    const valid = { regions: ['eu-west-1', 'us-east-1'], baseline: 'nonsense' };
    expect(await registering(valid, anOrganizationAccount())).toMatchObject({
      rejection: { problems: [{ path: 'detail.baseline' }] },
    });
  });

  it('is refused in so many regions that the status could not name all parameters of its baseline', async () => {
    const parameters = Array.from({ length: 600 }, (_, index) => ({ name: `/p${index}`, value: 'a' }));
    const { main } = fakeMain([{ ...aBaselineItem(), sections: { parameters } }]);
    const deps = { main, config: aConfig() } as unknown as FleetDeps;
    const inRegions = (count: number) => {
      const regions = Array.from({ length: count }, (_, index) =>
        `eu-west-${index}`.replace(/-1(\d)$/, '-b-$1'),
      );
      const request = { accountId: MEMBER, name: 'genomics', baseline: 'analytics', regions };
      return register(request, anOrganizationAccount(), trigger, deps);
    };
    expect(await inRegions(17)).toMatchObject({
      did: 'rejected',
      rejection: { reason: 'TooManyOutputs', problems: [{ path: 'detail.regions' }] },
    });
    expect(await getRecord(main.table, MEMBER)).toBeUndefined();
    expect(await inRegions(16)).toMatchObject({ did: 'accepted' });
  });

  it('is refused for the management account, whatever its content', async () => {
    expect(await registering({ accountId: MANAGEMENT }, anOrganizationAccount())).toMatchObject({
      rejection: { reason: 'ManagementAccount', message: 'The management account is never managed.' },
    });
  });
});
