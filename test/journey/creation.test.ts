import {
  CreateOrganizationalUnitCommand,
  ListAccountsCommand,
  ListParentsCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { OLD_ACCOUNT } from '../../local/old-account.ts';
import { blocksOf, page } from '../docs/pages.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { runPageLines } from '../kit/journey/page-commands.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { openShell } from '../kit/journey/shell.ts';
import { until } from '../kit/wait.ts';

let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;
let organizations: OrganizationsClient;
let unit: string;

beforeAll(async () => {
  runtime = await startTestRuntime({ oldAccount: true });
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
  organizations = new OrganizationsClient(runtime.as(runtime.accounts.management, 'us-east-1'));
  const { Roots = [] } = await organizations.send(new ListRootsCommand({}));
  const { OrganizationalUnit: made } = await organizations.send(
    new CreateOrganizationalUnitCommand({ ParentId: Roots[0]?.Id, Name: 'Research' }),
  );
  unit = made?.Id ?? '';
}, 240_000);
afterEach(async () => {
  await runtime.clearFaults();
  await runtime.planCreations(undefined);
});
afterAll(() => runtime?.stop());

const email = (name: string) => `${name}@example.com`;
const ask = (name: string, more: object = {}) =>
  fleet.put('AccountCreationRequested', { name, email: email(name), ...more });
const about = (eventId: string, type: string) => (event: BusEvent) =>
  event['detail-type'] === type && event.detail.cause?.id === eventId;

/** Ids of the organization's accounts of that name, as Organizations has them. */
async function accountsNamed(name: string): Promise<string[]> {
  const { Accounts = [] } = await organizations.send(new ListAccountsCommand({}));
  return Accounts.filter((account) => account.Name === name).map(({ Id = '' }) => Id);
}

async function registered(eventId: string): Promise<string> {
  const event = await bus.hear('AccountRegistered', about(eventId, 'AccountRegistered'), 150);
  return event.detail.accountId ?? '';
}

describe('AccountCreationRequested', () => {
  it('creates an account that is ready, in the requested unit with the requested settings', async () => {
    const eventId = await ask('genomics', {
      requestId: 'ticket-1',
      organizationalUnitId: unit,
      baseline: 'analytics@1',
      values: { team: 'genomics' },
      tags: { 'cost-center': '4711' },
    });
    const id = await registered(eventId);
    await fleet.untilReady(id);
    expect(await accountsNamed('genomics')).toEqual([id]);
    const { Parents } = await organizations.send(new ListParentsCommand({ ChildId: id }));
    expect(Parents).toEqual([{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }]);
    const { Tags = [] } = await organizations.send(new ListTagsForResourceCommand({ ResourceId: id }));
    expect(Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]))).toEqual({
      'cost-center': '4711',
      'orgkeeper:request': 'ticket-1',
    });
    expect(await fleet.record(id)).toMatchObject({
      name: 'genomics',
      email: email('genomics'),
      origin: 'created',
      baseline: { name: 'analytics', version: 1 },
      values: { team: 'genomics' },
      tags: { 'cost-center': '4711' },
    });
    const ready = await bus.hear('AccountReady', about(eventId, 'AccountReady'));
    expect(ready.detail.accountId).toBe(id);
  }, 180_000);

  it('creates one account if the same request comes twice, and refuses the request with other content', async () => {
    const [id] = await accountsNamed('genomics');
    const { code, stderr } = await fleet.orgkeeper(
      ...['create', '--name', 'other', '--email', email('other'), '--request-id', 'ticket-1'],
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/ticket-1 was already requested/),
    });
    const refused = await ask('other', { requestId: 'ticket-1' });
    const rejection = await bus.hear('RequestRejected', about(refused, 'RequestRejected'));
    expect(rejection.detail).toMatchObject({
      reason: 'RequestExists',
      problems: [{ path: 'detail.requestId' }],
    });
    await ask('genomics', {
      requestId: 'ticket-1',
      organizationalUnitId: unit,
      baseline: 'analytics@1',
      values: { team: 'genomics' },
      tags: { 'cost-center': '4711' },
    });
    await fleet.untilQuiet();
    expect(await accountsNamed('genomics')).toEqual([id]);
    expect(await accountsNamed('other')).toEqual([]);
  }, 120_000);

  it('is answered with every problem if the request is not valid', async () => {
    const refused = await ask('x'.repeat(60), { baseline: 'nonsense@7', parent: unit });
    const { detail } = await bus.hear('RequestRejected', about(refused, 'RequestRejected'));
    expect(detail.problems?.map(({ path }) => path)).toEqual([
      'detail.name',
      'detail.email',
      'detail.parent',
    ]);
    const unknown = await ask('nobody', { baseline: 'nonsense' });
    const { detail: second } = await bus.hear('RequestRejected', about(unknown, 'RequestRejected'));
    expect(second).toMatchObject({ reason: 'UnknownBaseline', problems: [{ path: 'detail.baseline' }] });
  });

  it('ends when AWS says FAILED, and starts again when it is requested again', async () => {
    await runtime.planCreations({
      name: 'taken',
      milliseconds: 1_000,
      failureReason: 'EMAIL_ALREADY_EXISTS',
    });
    const asked = Date.now();
    const eventId = await ask('taken', { requestId: 'ticket-2' });
    const { detail } = await bus.hear('AccountCreationFailed', about(eventId, 'AccountCreationFailed'));
    expect(detail).toMatchObject({
      name: 'taken',
      email: email('taken'),
      requestId: 'ticket-2',
      reason: 'EMAIL_ALREADY_EXISTS',
      message: expect.stringMatching(/Another AWS account has that email address; request the account again/),
    });
    // Not by the first look of the minute's tick, but by the result.
    expect(Date.now() - asked).toBeLessThan(45_000);
    await runtime.planCreations(undefined);
    const id = await registered(await ask('taken', { requestId: 'ticket-2' }));
    expect(await accountsNamed('taken')).toEqual([id]);
  }, 180_000);

  it('waits while AWS accepts no request', async () => {
    await runtime.fault({
      service: 'organizations',
      action: 'CreateAccount',
      effect: { kind: 'error', code: 'ConcurrentModificationException' },
    });
    const id = await registered(await ask('patient'));
    expect(await accountsNamed('patient')).toEqual([id]);
  }, 180_000);

  it('is found by the sweep if the event with its result is lost', async () => {
    await runtime.planCreations({ name: 'lost', milliseconds: 500, event: 'lost' });
    const eventId = await ask('lost');
    await until('AWS is asked', async () => (await accountsNamed('lost'))[0]);
    await fleet.untilQuiet();
    expect(await bus.heard(about(eventId, 'AccountRegistered'))).toEqual([]);
    await fleet.put('DriftSweepRequested', {});
    const id = await registered(eventId);
    expect(await accountsNamed('lost')).toEqual([id]);
  }, 180_000);

  it.each(['delivered', 'lost'] as const)(
    'creates one account if the answer of CreateAccount is lost, with its result %s',
    async (event) => {
      const name = `crash-${event}`;
      await runtime.planCreations({ name, event });
      await runtime.fault({
        service: 'organizations',
        action: 'CreateAccount',
        effect: { kind: 'close', when: 'after' },
      });
      const id = await registered(await ask(name));
      expect(await accountsNamed(name)).toEqual([id]);
      const calls = await runtime.calls({ service: 'organizations', action: 'CreateAccount' });
      expect(calls.filter(({ params }) => params.AccountName === name)).toHaveLength(1);
    },
    180_000,
  );
});

describe('orgkeeper create --wait', () => {
  it('prints the id of the account once it is ready', async () => {
    const { code, stdout, stderr } = await fleet.orgkeeper(
      ...['create', '--name', 'proteomics', '--email', email('proteomics'), '--value', 'team=red', '--wait'],
    );
    const [id = ''] = await accountsNamed('proteomics');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${id}\n`,
      stderr: expect.stringMatching(/Account \d+ is ready\.\n$/),
    });
    expect(await fleet.view(id)).toMatchObject({ ready: true });
  }, 240_000);

  it('exits 1 with the reason of AWS', async () => {
    await runtime.planCreations({ name: 'full', milliseconds: 200, failureReason: 'ACCOUNT_LIMIT_EXCEEDED' });
    const { code, stdout, stderr } = await fleet.orgkeeper(
      ...['create', '--name', 'full', '--email', email('full'), '--wait'],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/ACCOUNT_LIMIT_EXCEEDED: The organization has as many accounts as its quota/);
  }, 240_000);
});

/** The commands of a page below a heading, or below all, but those of a person who begins: `npm start` has run. */
function commandsOf(path: string, heading?: string): string[] {
  return blocksOf(page(path), 'sh')
    .filter((block) => heading === undefined || block.heading === heading)
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line !== '' && !line.startsWith('npm '));
}

describe('The README and the tutorial', () => {
  it('register the account that existed before as the README says, word for word', async () => {
    await fleet.untilAccounts('is listed', [OLD_ACCOUNT.id], ({ state }) => state === 'unmanaged');
    const commands = commandsOf('README.md', 'First registration').slice(0, 3);
    expect(commands.at(-1)).toMatch(/^aws events put-events .*456788506630/);
    const [, unmanaged, put] = await runPageLines(await openShell(), runtime, commands);
    expect(unmanaged).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/456788506630 +chemistry .*unmanaged/),
    });
    expect(JSON.parse(put?.stdout ?? '')).toMatchObject({ FailedEntryCount: 0 });
    await fleet.untilReady(OLD_ACCOUNT.id);
  }, 60_000);

  it('lead through the tutorial, command by command', async () => {
    const ran = await runPageLines(await openShell(), runtime, commandsOf('docs/tutorial.md'));
    // `plan` and `baseline diff` find differences.
    const finding = /^orgkeeper (plan|baseline diff) /;
    expect(ran.filter(({ line, code }) => code !== (finding.test(line) ? 2 : 0))).toEqual([]);
    const said = (command: RegExp) =>
      ran.filter(({ line }) => command.test(line)).map(({ stdout }) => stdout);
    expect(said(/^orgkeeper plan/)).toEqual([
      expect.stringMatching(/~ parameters \/orgkeeper\/network\/vpc-id[\s\S]*1 to update/),
      expect.stringMatching(/\+ parameters \/team\/cost-center[\s\S]*1 to create/),
    ]);
    expect(said(/^orgkeeper history/)[0]).toContain('vpc-wrong');
    expect(said(/^orgkeeper baseline publish/)).toEqual(['analytics@2\n']);
    expect(said(/^orgkeeper accounts --baseline/)[0]).toMatch(/456788506630 .*analytics@2 .*yes/);
    await fleet.untilAccounts(
      'are back',
      [OLD_ACCOUNT.id],
      ({ ready, baseline }) => ready && baseline?.version === 1,
    );
  }, 240_000);
});
