import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FleetDeps } from '../../controllers/fleet/outcome.ts';
import { onItsWay } from '../../controllers/intake/event.ts';
import { accountIdsIn, organizationEvent } from '../../controllers/intake/organization-event.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { OrganizationAccount, Place } from '../../shared/domain/organization.ts';
import type { Rules } from '../../shared/domain/rules.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import {
  aBaselineItem,
  aConfig,
  anOrganizationAccount,
  aRecord,
  MANAGEMENT,
  MEMBER,
} from '../kit/factories.ts';
import { type MemoryTable, memoryTable } from '../kit/memory-table.ts';

const TIME = '2026-11-20T10:00:00Z';
const RESEARCH = 'ou-ab12-research1';
const OTHER = 'ou-ab12-other0001';
const places: Record<string, Place> = {
  [RESEARCH]: { units: ['r-ab12', RESEARCH], path: '/Research' },
  [OTHER]: { units: ['r-ab12', OTHER], path: '/Other' },
};
const rules: Rules = {
  rules: [{ organizationalUnit: '/Research', baseline: 'research' }],
  default: 'analytics',
};

let store: MemoryTable;
let account: OrganizationAccount | undefined;
/** The unit that the account is in. */
let unit: string;
let onboard: { since?: string; organizationalUnits?: string[] };
let described: string[];

beforeEach(() => {
  store = memoryTable();
  for (const name of ['analytics', 'research', 'special']) store.put(aBaselineItem({ name, version: 2 }));
  account = anOrganizationAccount({ joinedAt: '2026-11-20T09:59:00.000Z' });
  unit = OTHER;
  onboard = {};
  described = [];
});

function deps(): FleetDeps {
  return {
    config: aConfig({ onboard }),
    main: { table: store.table } as FleetDeps['main'],
    organization: {
      describe: async (accountId) => {
        described.push(accountId);
        return account;
      },
      tags: async () => ({}),
      place: async (id) => places[id === MEMBER ? unit : id],
      async *pages() {},
    },
  };
}

const incoming = (eventName: string, detail: object, source = 'aws.organizations', redelivered = false) =>
  onItsWay(
    {
      id: randomUUID(),
      source,
      'detail-type': 'AWS API Call via CloudTrail',
      account: MANAGEMENT,
      time: TIME,
      detail: { eventID: `${eventName}-1`, eventName, ...detail },
    },
    redelivered,
    new Date('2026-11-20T11:00:00Z'),
  );
const follow = (...given: Parameters<typeof incoming>) => organizationEvent(incoming(...given), deps());
const keep = (record: AccountRecord) =>
  store.put({
    ...record,
    ...accountKey(record.accountId),
    collection: 'account',
    collectionKey: record.accountId,
  });
const publish = () =>
  store.put({
    ...rules,
    schemaVersion: 1,
    version: 1,
    description: '',
    text: '',
    publishedAt: TIME,
    pk: 'rules',
    sk: 'version#000000001',
  });
const recorded = () => store.items(`account#${MEMBER}`)[0];
const named = { requestParameters: { accountId: MEMBER } };
const moved = (from = OTHER) => ({
  requestParameters: { accountId: MEMBER, sourceParentId: from, destinationParentId: RESEARCH },
});
const handshake = {
  responseElements: {
    handshake: {
      parties: [
        { type: 'ORGANIZATION', id: 'o-a' },
        { type: 'ACCOUNT', id: MEMBER },
      ],
    },
  },
};
const joined = { serviceEventDetails: { accountId: MEMBER, joinedMethod: 'Invited' } };
const controlTower = (state: string) => ({
  serviceEventDetails: {
    createManagedAccountStatus: {
      state,
      organizationalUnit: { organizationalUnitId: RESEARCH },
      account: { accountName: 'genomics', accountId: MEMBER },
    },
  },
});
const accepted = {
  did: 'accepted',
  announce: [{ detailType: 'AccountRegistered' }],
  work: [{ accountId: MEMBER }],
};

describe('an account that joins the organization', () => {
  it.each([
    ['AccountJoinedOrganization', joined, 'aws.organizations'],
    ['CreateManagedAccount', controlTower('SUCCEEDED'), 'aws.controltower'],
    ['UpdateManagedAccount', controlTower('SUCCEEDED'), 'aws.controltower'],
  ])('by %s is registered', async (eventName, detail, source) => {
    account = anOrganizationAccount({ joinedAt: '2026-11-20T09:59:00.000Z', joinedBy: 'joined' });
    expect(await follow(eventName, detail, source)).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ lifecycle: 'managed', origin: 'joined', baselineBy: 'rules' });
  });

  it('gets the baseline that the rules choose', async () => {
    publish();
    unit = RESEARCH;
    await follow('AccountJoinedOrganization', joined);
    expect(recorded()).toMatchObject({ baseline: { name: 'research', version: 2 } });
  });

  it('outside of the units of onboarding is only shown', async () => {
    onboard = { organizationalUnits: ['/Research'] };
    expect(await follow('AccountJoinedOrganization', joined)).toMatchObject({ did: 'accepted', work: [] });
    expect(recorded()).toMatchObject({ lifecycle: 'unmanaged', lifecycleReason: 'OUTSIDE_ONBOARDING_UNITS' });
  });

  it('before onboard.since is only shown', async () => {
    onboard = { since: '2027-01-01T00:00:00Z' };
    await follow('AccountJoinedOrganization', joined);
    expect(recorded()).toMatchObject({ lifecycle: 'unmanaged' });
  });

  it('is registered although a listing at the same time took it for an old one', async () => {
    keep(aRecord({ lifecycle: 'unmanaged', mode: 'observe' }));
    expect(await follow('AccountJoinedOrganization', joined)).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ lifecycle: 'managed' });
  });

  it('long ago stays unmanaged, whatever event says that it joined', async () => {
    account = anOrganizationAccount({ joinedAt: '2025-01-01T00:00:00.000Z' });
    keep(aRecord({ lifecycle: 'unmanaged', mode: 'observe' }));
    expect(await follow('AccountJoinedOrganization', handshake)).toMatchObject({ did: 'ignored' });
    expect(recorded()).toMatchObject({ lifecycle: 'unmanaged', generation: 3 });
  });

  it('by creation is left to CreateAccountResult, and by a failed enrolment to a later event', async () => {
    const created = { serviceEventDetails: { accountId: MEMBER, joinedMethod: 'Created' } };
    expect(await follow('AccountJoinedOrganization', created)).toMatchObject({ did: 'ignored' });
    expect(await follow('CreateManagedAccount', controlTower('FAILED'), 'aws.controltower')).toMatchObject({
      did: 'ignored',
    });
    expect(described).toEqual([]);
  });

  it.each(['AcceptHandshake', 'LeaveOrganization'])(
    'is not registered by its own call %s',
    async (eventName) => {
      expect(await follow(eventName, handshake)).toMatchObject({ did: 'ignored' });
      expect(described).toEqual([]);
    },
  );

  it('that is not in the organization is refused', async () => {
    account = undefined;
    const refused = { rejection: { reason: 'NotInOrganization' } };
    expect(await follow('AccountJoinedOrganization', joined)).toMatchObject(refused);
    expect(recorded()).toBeUndefined();
  });
});

describe('an account that leaves the organization', () => {
  it.each([
    [
      'CloseAccountResult',
      { serviceEventDetails: { closeAccountStatus: { accountId: MEMBER, state: 'SUCCEEDED' } } },
    ],
    [
      'AccountDepartedOrganization',
      { serviceEventDetails: { accountId: MEMBER, departedMethod: 'Removed' } },
    ],
    ['RemoveAccountFromOrganization', named],
  ])('by %s is no longer managed', async (eventName, detail) => {
    account =
      eventName === 'CloseAccountResult'
        ? anOrganizationAccount({ active: false, state: 'PENDING_CLOSURE' })
        : undefined;
    keep(aRecord());
    // The run does not enter it: it takes back what the account exports.
    const work = [{ accountId: MEMBER }];
    expect(await follow(eventName, detail)).toMatchObject({ did: 'accepted', announce: [], work });
    expect(recorded()).toMatchObject({
      lifecycle: 'departed',
      lifecycleReason: account?.state ?? 'DEPARTED',
    });
  });

  it('stays managed if Organizations still has it: the event may be wrong', async () => {
    keep(aRecord());
    expect(await follow('RemoveAccountFromOrganization', named)).toMatchObject({ did: 'ignored' });
    expect(recorded()).toMatchObject({ lifecycle: 'managed' });
  });

  it('and returns has the baseline that it had, and gets a run', async () => {
    keep(aRecord({ lifecycle: 'departed', lifecycleReason: 'DEPARTED' }));
    expect(await follow('AccountJoinedOrganization', joined)).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ lifecycle: 'managed', baseline: { name: 'analytics', version: 3 } });
    expect(recorded()?.lifecycleReason).toBeUndefined();
  });

  it('while it was being retired is retired', async () => {
    account = undefined;
    keep(aRecord({ lifecycle: 'retiring' }));
    await follow('RemoveAccountFromOrganization', named);
    expect(recorded()).toMatchObject({ lifecycle: 'retired' });
  });
});

describe('MoveAccount', () => {
  it('has the rules choose again', async () => {
    publish();
    unit = RESEARCH;
    keep(aRecord({ baselineBy: 'rules' }));
    expect(await follow('MoveAccount', moved())).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ baseline: { name: 'research', version: 2 }, generation: 4 });
  });

  it('leaves a baseline that a person named', async () => {
    publish();
    unit = RESEARCH;
    for (const baselineBy of ['request', undefined] as const) {
      keep(aRecord({ baseline: { name: 'special', version: 1 }, ...(baselineBy && { baselineBy }) }));
      expect(await follow('MoveAccount', moved())).toMatchObject({ did: 'ignored' });
    }
    expect(recorded()).toMatchObject({ baseline: { name: 'special', version: 1 } });
  });

  it('leaves the version of a baseline that the rules still choose', async () => {
    publish();
    keep(aRecord({ baselineBy: 'rules', baseline: { name: 'analytics', version: 1 } }));
    expect(await follow('MoveAccount', moved())).toMatchObject({ did: 'ignored' });
  });

  it('registers an account that moves to a unit of onboarding', async () => {
    onboard = { organizationalUnits: ['/Research'] };
    account = anOrganizationAccount({ joinedAt: '2025-01-01T00:00:00.000Z' });
    unit = RESEARCH;
    keep(aRecord({ lifecycle: 'unmanaged', mode: 'observe' }));
    expect(await follow('MoveAccount', moved())).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ lifecycle: 'managed' });
  });

  it.each([
    ['within those units', { organizationalUnits: ['/Research'] }, RESEARCH],
    ['where accounts onboard everywhere', {}, OTHER],
  ])('does not register an unmanaged account that moves %s', async (_, given, from) => {
    onboard = given;
    unit = RESEARCH;
    keep(aRecord({ lifecycle: 'unmanaged', mode: 'observe' }));
    expect(await follow('MoveAccount', moved(from))).toMatchObject({ did: 'ignored' });
    expect(recorded()).toMatchObject({ lifecycle: 'unmanaged' });
  });

  it('still manages an account that moves out of those units, and does not manage a retired one', async () => {
    onboard = { organizationalUnits: ['/Research'] };
    for (const lifecycle of ['managed', 'retired'] as const) {
      keep(aRecord({ lifecycle, baselineBy: 'rules' }));
      await follow('MoveAccount', moved(RESEARCH));
      expect(recorded()).toMatchObject({ lifecycle });
    }
  });

  it('of an account that is not recorded is left to the event of its joining', async () => {
    expect(await follow('MoveAccount', moved())).toMatchObject({ did: 'ignored' });
    expect(recorded()).toBeUndefined();
  });
});

describe('an event of the organization', () => {
  it('that is repeated after a crash requests the run again, and changes nothing', async () => {
    publish();
    unit = RESEARCH;
    keep(aRecord({ baselineBy: 'rules' }));
    await follow('MoveAccount', moved());
    expect(await follow('MoveAccount', moved(), 'aws.organizations', true)).toMatchObject(accepted);
    expect(recorded()).toMatchObject({ generation: 4 });
  });

  it('of a failed call is ignored, without a call', async () => {
    keep(aRecord());
    account = undefined;
    const failed = { ...named, errorCode: 'AccountNotFoundException' };
    expect(await follow('RemoveAccountFromOrganization', failed)).toMatchObject({ did: 'ignored' });
    expect(described).toEqual([]);
  });

  it.each([
    ['DeleteOrganizationalUnit', 'aws.organizations'],
    ['CreateManagedAccount', 'aws.organizations'],
    ['MoveAccount', 'aws.controltower'],
    ['toString', 'aws.organizations'],
  ])('%s of %s is ignored', async (eventName, source) => {
    expect(await follow(eventName, named, source)).toMatchObject({ did: 'ignored' });
  });

  it('about the management account, or about no account, is ignored', async () => {
    const management = { requestParameters: { accountId: MANAGEMENT } };
    expect(await follow('MoveAccount', management)).toMatchObject({ did: 'ignored' });
    expect(await follow('CloseAccountResult', {})).toMatchObject({ did: 'ignored' });
    expect(described).toEqual([]);
  });

  it('requests a run of an account that Control Tower has finished', async () => {
    keep(aRecord());
    expect(await follow('CreateManagedAccount', controlTower('SUCCEEDED'), 'aws.controltower')).toEqual({
      did: 'accepted',
      announce: [],
      work: [expect.objectContaining({ accountId: MEMBER })],
    });
  });
});

describe('account ids', () => {
  it.each([
    ['nothing', undefined, []],
    ['a text', 'MoveAccount', []],
    ['a bad id', { requestParameters: { accountId: '12345' } }, []],
    ['an id that is no account', { responseElements: { handshake: { id: MEMBER } } }, []],
    ['the caller', { eventName: 'MoveAccount', userIdentity: { accountId: MANAGEMENT } }, []],
    ['one twice', { ...named, serviceEventDetails: { x: [{ accountId: MEMBER }] } }, [MEMBER]],
  ])('in %s', (_, detail, ids) => {
    expect(accountIdsIn(detail)).toEqual(ids);
  });
});
