import { readFileSync } from 'node:fs';
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readWorld } from '../../local/account-world.ts';
import type { AccountView } from '../../shared/domain/account-view.ts';
import type { SweepMessage } from '../../shared/domain/work.ts';
import { type BusEvent, type Listener, listen } from '../kit/journey/bus.ts';
import { type Organization, startOrganization } from '../kit/journey/emulator.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

const PARAMETER = '/orgkeeper/account/id';

let organization: Organization;
let older: string[];
let runtime: TestRuntime;
let fleet: Fleet;
let bus: Listener;
let twenty: string[];

beforeAll(async () => {
  // AWS's own policies, which nobody attaches here, would cost the emulator 0.3 s an account.
  process.env.MOTO_IAM_LOAD_MANAGED_POLICIES = 'false';
  organization = await startOrganization();
  older = await organization.createAccounts(['older-1', 'older-2', 'older-3']);
  runtime = await startTestRuntime({ emulator: organization.endpoint });
  fleet = fleetOf(runtime);
  bus = await listen(runtime);
}, 240_000);
afterAll(async () => {
  await runtime?.stop();
  await organization?.stop();
});

const names = (of: string, count: number) => Array.from({ length: count }, (_, at) => `${of}-${at + 1}`);
const ssm = (id: string) => new SSMClient(runtime.as(id));
const tamper = (id: string) => ssm(id).send(new DeleteParameterCommand({ Name: PARAMETER }));

/** Whether the account has the parameter that `tamper` deletes. */
async function isWhole(id: string): Promise<boolean> {
  const read = ssm(id).send(new GetParameterCommand({ Name: PARAMETER }));
  return read.then(
    () => true,
    (error: Error) => {
      if (error.name === 'ParameterNotFound') return false;
      throw error;
    },
  );
}

/** The tick of the minute, now. */
const tick = () => requestTask({ task: 'due' });

/** Has the sweep function carry out a task. */
async function requestTask(task: SweepMessage): Promise<void> {
  const sqs = new SQSClient({ ...runtime.as(runtime.accounts.main), useQueueUrlAsEndpoint: false });
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'orgkeeper-sweep' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(task) }));
}

/** One of everything, and nothing twice. */
async function expectNothingDoubled(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const world = await readWorld(runtime, id);
    const counts = [world.vpcs, world.gateways, Object.keys(world.subnets), world.tables, world.endpoints];
    expect([id, ...counts.map(({ length }) => length)]).toEqual([id, 1, 1, 1, 1, 1]);
    expect([id, Object.keys(world.parameters).length]).toEqual([id, 7]);
    expect(world.role).toBeDefined();
  }
}

/** A DriftSweepRequested for everybody; resolves when each of these has had its pass. */
async function sweepAll(ids: readonly string[]): Promise<string> {
  const eventId = await fleet.put('DriftSweepRequested', {});
  await fleet.untilAccounts(
    `have had the pass of ${eventId}`,
    ids,
    ({ lastPass }) => lastPass?.cause.id === eventId,
  );
  return eventId;
}

describe('Accounts that existed before the first deployment', () => {
  it('are shown as unmanaged, and never entered, not even by a sweep', async () => {
    const find = async () => {
      const records = await Promise.all(older.map((id) => fleet.record(id)));
      return records.every((record) => record?.lifecycle === 'unmanaged') ? true : undefined;
    };
    await until('older accounts are recorded', find);
    await fleet.put('DriftSweepRequested', {});
    const listed = async () =>
      (await runtime.calls({ action: 'ListAccounts' })).length >= 2 ? true : undefined;
    await until('the sweep has listed the organization', listed);
    await fleet.untilQuiet();
    for (const id of older) {
      expect(await fleet.view(id)).toMatchObject({ state: 'unmanaged', ready: false, conditions: [] });
      expect(await runtime.calls({ account: id })).toEqual([]);
    }
  }, 120_000);
});

describe('Twenty accounts', () => {
  it('that are created at once are all ready, with one of each resource', async () => {
    twenty = await Promise.all(names('twenty', 20).map((name) => fleet.createAccount(name)));
    await fleet.untilReady(...twenty);
    await expectNothingDoubled(twenty);
    const ready = await bus.heard(
      (event) => event['detail-type'] === 'AccountReady' && twenty.includes(event.detail.accountId ?? ''),
    );
    expect(ready.map(({ detail }) => detail.accountId).sort()).toEqual([...twenty].sort());
  }, 240_000);

  it('are listed by the command line, each with what account says of it', async () => {
    const { code, stdout } = await fleet.orgkeeper('accounts', '--json');
    expect(code).toBe(0);
    const listed = (JSON.parse(stdout) as AccountView[]).filter(({ accountId }) =>
      twenty.includes(accountId),
    );
    expect(listed).toHaveLength(20);
    expect(listed.every(({ ready, state }) => ready && state === 'active')).toBe(true);
    expect(listed.find(({ accountId }) => accountId === twenty[0])).toEqual(
      await fleet.view(twenty[0] ?? ''),
    );
  });

  it('that one DriftSweepRequested names have twenty runs', async () => {
    const views = await fleet.sweep(...twenty);
    expect(new Set(views.map(({ lastPass }) => lastPass?.id)).size).toBe(20);
    expect(views.every(({ lastPass }) => lastPass?.result === 'unchanged')).toBe(true);
    await fleet.untilQuiet();
    const cause = views[0]?.lastPass?.cause.id ?? '';
    const passes = readFileSync(runtime.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes(cause) && /"message":"pass"/.test(line));
    expect(passes).toHaveLength(20);
  }, 240_000);
});

describe('Several events at the same time', () => {
  it('for one account make nothing twice, even if its runs are concurrent', async () => {
    expect(await fleet.orgkeeper('pause', '--fleet')).toMatchObject({ code: 0 });
    const id = await fleet.createAccount('wanted');
    const waits = ({ state, lastPass }: AccountView) => state === 'paused' && lastPass !== undefined;
    await fleet.untilAccounts('wait for writing', [id], waits);
    expect((await readWorld(runtime, id)).vpcs).toEqual([]);
    expect(await fleet.orgkeeper('resume', '--fleet')).toMatchObject({ code: 0 });

    const sqs = new SQSClient({ ...runtime.as(runtime.accounts.main), useQueueUrlAsEndpoint: false });
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'orgkeeper-work.fifo' }));
    const causes = ['a', 'b', 'c', 'd'].map((name) => `side-by-side-${name}`);
    await runtime.clearCalls();
    // In groups of their own, which the queue does not hold apart.
    await Promise.all(
      causes.map((cause) =>
        sqs.send(
          new SendMessageCommand({
            QueueUrl,
            MessageBody: JSON.stringify({
              accountId: id,
              cause: { source: 'orgkeeper.request', detailType: 'DriftSweepRequested', id: cause },
              requestedAt: new Date().toISOString(),
            }),
            MessageGroupId: cause,
            MessageDeduplicationId: cause,
          }),
        ),
      ),
    );
    await fleet.untilReady(id);
    await fleet.untilQuiet();
    await expectNothingDoubled([id]);
    const made = await runtime.calls({ account: id, action: 'CreateVpc' });
    expect(made).toHaveLength(1);
    const observers = await runtime.calls({ account: id, action: 'GetRole' });
    expect(observers.length).toBeGreaterThan(1);
    expect((await fleet.view(id)).ready).toBe(true);
  }, 180_000);

  it('lose no account: all accounts that are created during sweeps are ready', async () => {
    const created: string[] = [];
    for (const name of names('swept', 8)) {
      const [id] = await Promise.all([
        fleet.createAccount(name),
        name.endsWith('2') || name.endsWith('5') ? fleet.put('DriftSweepRequested', {}) : undefined,
      ]);
      created.push(id);
    }
    await fleet.untilReady(...created);
    await fleet.untilQuiet();
    await expectNothingDoubled(created);
    const registered = await bus.heard(
      (event) =>
        event['detail-type'] === 'AccountRegistered' && created.includes(event.detail.accountId ?? ''),
    );
    expect(new Set(registered.map(({ detail }) => detail.accountId)).size).toBe(created.length);
  }, 240_000);
});

describe('A paused fleet', () => {
  it('is observed and not written to until it is resumed', async () => {
    const [id = ''] = twenty;
    expect(await fleet.orgkeeper('pause', '--fleet')).toMatchObject({ code: 0 });
    await tamper(id);
    const [paused] = await fleet.sweep(id);
    expect(paused).toMatchObject({ state: 'paused', ready: false, lastPass: { result: 'drifted' } });
    expect(paused?.lastPass?.differences).toMatchObject([{ resource: PARAMETER, action: 'reported' }]);
    expect(await isWhole(id)).toBe(false);
    expect(await fleet.orgkeeper('resume', '--fleet')).toMatchObject({ code: 0 });
    const [resumed] = await fleet.sweep(id);
    expect(resumed).toMatchObject({ state: 'active', ready: true, lastPass: { result: 'corrected' } });
    expect(await isWhole(id)).toBe(true);
  }, 180_000);

  it('leaves the others active when only one account is paused', async () => {
    const [id = '', other = ''] = twenty;
    const because = ['--for', '2h', '--reason', 'their migration'];
    expect(await fleet.orgkeeper('pause', id, ...because)).toMatchObject({ code: 0 });
    expect([(await fleet.view(id)).state, (await fleet.view(other)).state]).toEqual(['paused', 'active']);
    const reason = 'their migration';
    const requestedBy = expect.stringContaining(`:${runtime.accounts.main}:`);
    expect((await fleet.view(id)).pauses).toMatchObject([{ of: 'account', reason, requestedBy }]);
    expect(await fleet.orgkeeper('resume', id)).toMatchObject({ code: 0 });
    expect((await fleet.view(id)).state).toBe('active');
  });

  it('is corrected on a request whose sender and reason its history shows', async () => {
    const [id = ''] = twenty;
    await tamper(id);
    const swept = await fleet.orgkeeper('sweep', id, '--reason', 'after the migration', '--wait');
    expect(swept).toMatchObject({ code: 0 });
    expect((await fleet.view(id)).lastPass?.cause).toMatchObject({
      sentBy: runtime.accounts.main,
      requestedBy: expect.stringContaining(`:${runtime.accounts.main}:`),
      reason: 'after the migration',
    });
    const { stdout } = await fleet.orgkeeper('history', id, '--limit', '1');
    expect(stdout).toContain(`sent from account ${runtime.accounts.main}, because: after the migration`);
  });

  it('is not written to once pause has returned, although a run was writing', async () => {
    const id = await fleet.createAccount('interrupted');
    await until('the first write into it', async () => {
      const [first] = await runtime.calls({ account: id, action: 'CreateVpc' });
      return first;
    });
    const pausing = await fleet.orgkeeper('pause', '--fleet');
    const returned = Date.now();
    expect({ code: pausing.code, said: pausing.stderr }).toMatchObject({
      code: 0,
      said: expect.stringMatching(/No run (is writing|that began before the pause is writing any more)/),
    });
    await fleet.sweep(id);
    const writes = await runtime.calls({ account: id, access: 'write' });
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.filter(({ time, service }) => time > returned && service !== 'sts')).toEqual([]);
    expect(await fleet.orgkeeper('resume', '--fleet')).toMatchObject({ code: 0 });
    await fleet.sweep(id);
    await fleet.untilAccounts('be ready', [id], ({ ready }) => ready);
    await expectNothingDoubled([id]);
  }, 180_000);
});

describe('A sweep that finds most accounts different', () => {
  it('stops writing after the tenth, announces that once, and leaves the rest to a person', async () => {
    const drifted = twenty.slice(0, 15);
    await Promise.all(drifted.map(tamper));
    const night = { task: 'summary', night: new Date().toISOString() } as const;
    await requestTask(night);
    const eventId = await sweepAll(drifted);
    await fleet.untilQuiet();
    const whole = await Promise.all(drifted.map(isWhole));
    const left = drifted.filter((_, at) => !whole[at]);
    expect(drifted.length - left.length).toBeGreaterThan(0);
    expect(drifted.length - left.length).toBeLessThanOrEqual(10);
    for (const id of left) {
      const { ready, lastPass } = await fleet.view(id);
      expect({ ready, result: lastPass?.result }).toEqual({ ready: false, result: 'drifted' });
    }
    const differing = await fleet.orgkeeper('accounts', '--drifted', '--json');
    const listed = (JSON.parse(differing.stdout) as { accountId: string }[]).map(
      ({ accountId }) => accountId,
    );
    expect(listed).toEqual(expect.arrayContaining(left));
    const stopped = await bus.heard((event) => event['detail-type'] === 'SweepStopped');
    expect(stopped.map(({ detail }) => detail)).toMatchObject([{ sweepId: eventId, reason: 'SweepStopped' }]);
    await tick();
    const ended = ({ 'detail-type': type, detail }: BusEvent) =>
      type === 'SweepFinished' && detail.sweepId === eventId;
    const { detail } = await bus.hear('SweepFinished', ended);
    const { accounts, unchanged, corrected } = detail;
    expect(detail).toMatchObject({ stopped: true, drifted: left.length, waiting: 0, failed: 0 });
    expect(accounts).toBe(Number(unchanged) + Number(corrected) + left.length);
    expect(await bus.heard(ended)).toHaveLength(1);
    const isSummary = ({ 'detail-type': type }: BusEvent) => type === 'FleetSummary';
    const summary = await bus.hear('FleetSummary', isSummary);
    await Promise.all([requestTask(night), tick()]);
    expect(summary.detail).toMatchObject({
      night: night.night,
      notReadyForADay: 0,
      states: { unmanaged: older.length },
      sweep: { sweepId: expect.any(String) },
      message: expect.stringMatching(/^\d+ of \d+ managed accounts are ready\. The sweep of the night ran /),
    });

    const views = await fleet.sweep(...left);
    expect(views.map(({ lastPass }) => lastPass?.result)).toEqual(left.map(() => 'corrected'));
    expect(await Promise.all(left.map(isWhole))).toEqual(left.map(() => true));
    expect(await bus.heard(isSummary)).toHaveLength(1);
  }, 240_000);
});

describe('The page of the fleet', () => {
  it('is put into the private bucket by the sweep function, and opened by a signed link', async () => {
    const open = (...options: string[]) => fleet.orgkeeper('report', 'open', '--json', ...options);
    await requestTask({ task: 'page', day: '2026-11-20' });
    const link = await until('the page', async () => {
      const { code, stdout } = await open('--date', '2026-11-20');
      return code === 0 ? (JSON.parse(stdout) as { date: string; url: string }) : undefined;
    });
    expect(link.date).toBe('2026-11-20');
    expect(await (await fetch(link.url)).text()).toContain('What was found and corrected');
    expect(await fetch(new URL(new URL(link.url).pathname, link.url))).toMatchObject({ status: 403 });
    const own = `s3://orgkeeper-reviews-${runtime.accounts.main}-${runtime.region}/reports/own.md`;
    expect(await fleet.orgkeeper('report', '--format', 'md', '--output', own)).toMatchObject({ code: 0 });
    expect((await open('--date', '2026-11-21')).stderr).toContain(
      'There is no page of 2026-11-21: there are',
    );
  }, 60_000);
});

describe('After the journeys of the fleet', () => {
  it('the dead-letter queues are empty, and older accounts are untouched', async () => {
    expect(await fleet.deadLetters()).toBe(0);
    for (const id of older) expect(await fleet.view(id)).toMatchObject({ state: 'unmanaged' });
  }, 60_000);
});
