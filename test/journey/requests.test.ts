import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readWorld } from '../../local/account-world.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';

const STRANGER = '999999999999';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;
let id: string;
/** Ids of the events that `BAD` became, in its order. */
let sent: string[];

/** Requests that make no sense; `ID` stands for a ready account. */
const BAD: readonly {
  what: string;
  type: string;
  detail: Record<string, unknown>;
  reason: string;
  paths: readonly string[];
}[] = [
  {
    what: 'an account id of 11 digits',
    type: 'AccountRegistrationRequested',
    detail: { accountId: '12345678901', name: 'genomics' },
    reason: 'InvalidRequest',
    paths: ['detail.accountId'],
  },
  {
    what: 'an account id that is a number, and no name',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 123456789012 },
    reason: 'InvalidRequest',
    paths: ['detail.accountId', 'detail.name'],
  },
  {
    what: 'a missing name',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID' },
    reason: 'InvalidRequest',
    paths: ['detail.name'],
  },
  {
    what: '200 KB of name',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID', name: 'n'.repeat(200 * 1024) },
    reason: 'InvalidRequest',
    paths: ['detail.name'],
  },
  {
    what: 'an unknown baseline',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID', name: 'genomics', baseline: 'nonsense' },
    reason: 'UnknownBaseline',
    paths: ['detail.baseline'],
  },
  {
    what: 'a version of a baseline that was never published',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID', name: 'genomics', baseline: 'analytics@77' },
    reason: 'UnknownBaseline',
    paths: ['detail.baseline'],
  },
  {
    what: 'a misspelt key',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID', name: 'genomics', basline: 'analytics' },
    reason: 'InvalidRequest',
    paths: ['detail.basline'],
  },
  {
    what: 'a stranger to the organization, without a role to enter by',
    type: 'AccountRegistrationRequested',
    detail: { accountId: STRANGER, name: 'stranger' },
    reason: 'NotInOrganization',
    paths: ['detail.accountId'],
  },
  {
    what: 'a list where a text belongs, deep inside',
    type: 'AccountRegistrationRequested',
    detail: { accountId: 'ID', name: 'genomics', values: { zone: ['a', 'b'] } },
    reason: 'InvalidRequest',
    paths: ['detail.values.zone'],
  },
  {
    what: 'a sweep of an account that nobody registered',
    type: 'DriftSweepRequested',
    detail: { accountIds: ['ID', STRANGER] },
    reason: 'UnknownAccount',
    paths: ['detail.accountIds[1]'],
  },
  {
    what: 'a list for a text in a sweep',
    type: 'DriftSweepRequested',
    detail: { accountIds: [['ID']] },
    reason: 'InvalidRequest',
    paths: ['detail.accountIds[0]'],
  },
  {
    what: 'an unknown detail-type',
    type: 'AccountTeleportationRequested',
    detail: { accountId: 'ID' },
    reason: 'InvalidRequest',
    paths: ['detail-type'],
  },
];

beforeAll(async () => {
  runtime = await startTestRuntime();
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
  id = await fleet.createAccount('genomics');
  await fleet.untilReady(id);
  const details = BAD.map(({ detail }) => JSON.parse(JSON.stringify(detail).replaceAll('"ID"', `"${id}"`)));
  sent = await Promise.all(BAD.map(({ type }, at) => fleet.put(type, details[at])));
}, 240_000);
afterAll(() => runtime?.stop());

const rejectionOf =
  (causeId: string | undefined) =>
  ({ 'detail-type': type, detail }: BusEvent): boolean =>
    type === 'RequestRejected' && detail.cause?.id === causeId;

/** CreateAccountResult as CloudTrail delivers it. */
function createAccountResult(status: Record<string, unknown>, eventID: string = randomUUID()) {
  const detail = {
    eventID,
    eventName: 'CreateAccountResult',
    eventSource: 'organizations.amazonaws.com',
    serviceEventDetails: { createAccountStatus: { id: `car-${eventID}`, accountName: '****', ...status } },
  };
  return { source: 'aws.organizations', detailType: 'AWS Service Event via CloudTrail', detail };
}
const onManagement = () => ({ account: runtime.accounts.management, region: 'us-east-1' });
const onOurBus = () => ({ account: runtime.accounts.main, region: runtime.region, name: 'orgkeeper' });

describe('An invalid request is refused once, with the path:', () => {
  it.each(BAD)(
    '$what',
    async ({ what, type, reason, paths }) => {
      const eventId = sent[BAD.findIndex((bad) => bad.what === what)];
      const { detail } = await bus.hear('RequestRejected', rejectionOf(eventId));
      expect(detail).toMatchObject({ reason, cause: { detailType: type }, sentBy: runtime.accounts.main });
      expect(detail.problems?.map(({ path }) => path)).toEqual(paths);
      for (const { message } of detail.problems ?? []) expect(message).toMatch(/\w/);
      expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThan(8 * 1024);
      expect(await bus.heard(rejectionOf(eventId))).toHaveLength(1);
    },
    60_000,
  );

  it('is listed afterwards', async () => {
    const { stdout } = await fleet.orgkeeper('rejected', '--json');
    const listed: { cause: { id: string }; reason: string }[] = JSON.parse(stdout);
    expect(sent.filter((eventId) => !listed.some(({ cause }) => cause.id === eventId))).toEqual([]);
  });

  it('a list instead of a detail object, which PutEvents itself refuses', async () => {
    expect(await fleet.put('DriftSweepRequested', [{ accountIds: [id] }])).toBe('MalformedDetail');
  });

  it('a request from an account that is not a requester', async () => {
    const stranger = await fleet.createAccount('asker');
    const put = fleet.put('DriftSweepRequested', { accountIds: [id] }, stranger);
    await expect(put).rejects.toMatchObject({ name: 'AccessDeniedException' });
    // Even if the policy of the bus let it through.
    await runtime.putServiceEvent({
      bus: onOurBus(),
      account: stranger,
      source: 'orgkeeper.request',
      detailType: 'AccountRegistrationRequested',
      detail: { accountId: id, name: 'stolen' },
    });
    const said = await bus.hear('from a stranger', ({ detail }) => detail.sentBy === stranger);
    expect(said).toMatchObject({
      'detail-type': 'RequestRejected',
      detail: { reason: 'SenderNotAllowed', problems: [{ path: 'account' }] },
    });
    expect((await fleet.record(id))?.name).toBe('genomics');
  }, 60_000);
});

describe('An event of Organizations', () => {
  it('about an account outside of the organization is refused, and announced', async () => {
    const event = createAccountResult({ state: 'SUCCEEDED', accountId: STRANGER });
    // Of a young event the account may not show yet: it is tried again for an hour.
    const time = new Date(Date.now() - 2 * 3_600_000).toISOString();
    await runtime.putServiceEvent({ bus: onManagement(), time, ...event });
    const said = await bus.hear('RequestRejected', rejectionOf(event.detail.eventID));
    expect(said.detail).toMatchObject({
      reason: 'NotInOrganization',
      problems: [{ path: 'detail.serviceEventDetails.createAccountStatus.accountId' }],
    });
    expect(await fleet.record(STRANGER)).toBeUndefined();
    expect(await runtime.calls({ account: STRANGER })).toEqual([]);
  }, 60_000);

  it('from another account than the management account is refused, and announced', async () => {
    const event = createAccountResult({ state: 'SUCCEEDED', accountId: STRANGER });
    await runtime.putServiceEvent({ bus: onOurBus(), account: id, ...event });
    const said = await bus.hear('from a member', ({ detail }) => detail.sentBy === id);
    expect(said.detail).toMatchObject({
      reason: 'SenderNotAllowed',
      problems: [{ path: 'account' }],
      cause: { source: 'aws.organizations' },
    });
    expect(await fleet.record(STRANGER)).toBeUndefined();
  }, 60_000);

  it('with the state FAILED is recorded and announced once, with the reason in words', async () => {
    const event = createAccountResult({ state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' });
    const { eventID } = event.detail;
    const ours = ({ detail }: BusEvent) => detail.creationId === `car-${eventID}`;
    await runtime.putServiceEvent({ bus: onManagement(), ...event });
    const said = await bus.hear('AccountCreationFailed', ours);
    expect(said).toMatchObject({
      'detail-type': 'AccountCreationFailed',
      detail: {
        reason: 'EMAIL_ALREADY_EXISTS',
        message: expect.stringContaining('email'),
        cause: { id: eventID },
      },
    });
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(runtime.as(runtime.accounts.main)));
    const Key = { pk: `creation#car-${eventID}`, sk: 'result' };
    const { Item } = await documents.send(new GetCommand({ TableName: 'orgkeeper', Key }));
    expect(Item).toMatchObject({ reason: 'EMAIL_ALREADY_EXISTS', eventId: eventID });

    await runtime.putServiceEvent({ bus: onManagement(), ...event });
    await fleet.untilQuiet();
    expect(await bus.heard(ours)).toHaveLength(1);
  }, 60_000);
});

describe('The same event twice', () => {
  it('changes nothing, whether Organizations or a person sent it', async () => {
    const event = createAccountResult({ state: 'SUCCEEDED', accountId: id });
    await fleet.untilQuiet();
    const [record, world] = [await fleet.record(id), await readWorld(runtime, id)];
    await runtime.clearCalls();
    await runtime.putServiceEvent({ bus: onManagement(), ...event });
    await runtime.putServiceEvent({ bus: onManagement(), ...event });
    await fleet.put('AccountRegistrationRequested', { accountId: id, name: 'genomics' });
    await fleet.untilQuiet();
    // A person has said the name now; said again, that changes nothing either.
    const named = await fleet.record(id);
    expect(named).toMatchObject({
      ...record,
      generation: expect.any(Number),
      changedBy: expect.any(String),
      changedAt: expect.any(String),
      followed: expect.any(Array),
    });
    await fleet.put('AccountRegistrationRequested', { accountId: id, name: 'genomics' });
    await fleet.untilQuiet();
    const later = { changedAt: expect.any(String), followed: expect.any(Array) };
    expect(await fleet.record(id)).toEqual({ ...named, ...later });
    expect(await readWorld(runtime, id)).toEqual(world);
    const writes = await runtime.calls({ account: id, access: 'write' });
    expect(writes).toEqual([]);
    const ready = await bus.heard(
      (one) => one['detail-type'] === 'AccountReady' && one.detail.accountId === id,
    );
    expect(ready).toHaveLength(1);
  }, 120_000);
});

describe('An invalid baseline', () => {
  const shipped = fileURLToPath(new URL('../../infra/baselines/analytics.yaml', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    {
      what: 'an unknown key',
      edit: (text: string) => text.replace('internetGateway: true', 'internetGatway: true'),
      says: 'network.internetGatway',
    },
    {
      what: '${nonsense}',
      edit: (text: string) => text.replace('"${account.name}"', '"${nonsense}"'),
      says: 'parameters[1].value',
    },
  ])(
    'is not published: $what',
    async ({ edit, says }) => {
      const before = await fleet.orgkeeper('baseline', 'list', '--json');
      expect(before.code).toBe(0);
      const file = join(folder, 'analytics.yaml');
      const text = readFileSync(shipped, 'utf8');
      writeFileSync(file, edit(text));
      expect(edit(text)).not.toBe(text);
      const { code, stdout, stderr } = await fleet.orgkeeper('baseline', 'publish', file);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(says);
      expect(stderr).toMatch(/analytics\.yaml:\d+: /);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect((await fleet.orgkeeper('baseline', 'list', '--json')).stdout).toBe(before.stdout);
    },
    60_000,
  );
});

describe('After invalid requests', () => {
  it('valid work continues, and the dead-letter queues are empty', async () => {
    const next = await fleet.createAccount('next');
    await fleet.untilReady(next);
    const views = await fleet.sweep(id, next);
    expect(views.map(({ ready, lastPass }) => [ready, lastPass?.result])).toEqual([
      [true, 'unchanged'],
      [true, 'unchanged'],
    ]);
    await fleet.untilQuiet();
    expect(await fleet.deadLetters()).toBe(0);
  }, 120_000);
});
