import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloseAccountCommand,
  CreateOrganizationalUnitCommand,
  ListRootsCommand,
  MoveAccountCommand,
  OrganizationsClient,
  RemoveAccountFromOrganizationCommand,
} from '@aws-sdk/client-organizations';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Organization, startOrganization } from '../kit/journey/emulator.ts';
import { type Fleet, fleetOf } from '../kit/journey/fleet.ts';
import { startTestRuntime, type TestRuntime } from '../kit/journey/runtime.ts';
import { until } from '../kit/wait.ts';

let organization: Organization;
let runtime: TestRuntime;
let fleet: Fleet;
let aws: OrganizationsClient;
/** Ids: the root, /Research, /Research/Production, and /Other. */
let root: string;
let research: string;
let production: string;
let other: string;
/** Was there before Orgkeeper. */
let old: string;
let kept: string;

beforeAll(async () => {
  organization = await startOrganization();
  const { client } = organization;
  root = (await client.send(new ListRootsCommand({}))).Roots?.[0]?.Id ?? '';
  const unit = async (Name: string, ParentId: string) => {
    const made = await client.send(new CreateOrganizationalUnitCommand({ Name, ParentId }));
    return made.OrganizationalUnit?.Id ?? '';
  };
  research = await unit('Research', root);
  production = await unit('Production', research);
  other = await unit('Other', root);
  [old = ''] = await organization.createAccounts(['old']);
  runtime = await startTestRuntime({
    emulator: organization.endpoint,
    context: { onboard: { organizationalUnits: ['/Research'] } },
  });
  fleet = fleetOf(runtime);
  aws = new OrganizationsClient(runtime.as(runtime.accounts.management, 'us-east-1'));
  await publish();
  await until('the first listing', () => fleet.record(old));
  kept = await fleet.createAccount('kept');
  await untilUnmanaged(kept);
  await move(kept, root, research);
  await fleet.untilReady(kept);
}, 300_000);
afterAll(async () => {
  await runtime?.stop();
  await organization?.stop();
});

/** Two small baselines, and rules that choose between them. */
async function publish(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-rules-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  for (const name of ['research', 'production']) {
    const parameter = `  - { name: /team/stage, value: ${name} }`;
    const baseline = file(`${name}.yaml`, `name: ${name}\nparameters:\n${parameter}\n`);
    expect(await fleet.orgkeeper('baseline', 'publish', baseline)).toMatchObject({ code: 0 });
  }
  const rules = [
    '  - { organizationalUnit: /Research/Production, baseline: production }',
    '  - { organizationalUnit: "/Research/**", baseline: research }',
  ];
  const text = `rules:\n${rules.join('\n')}\ndefault: analytics\n`;
  expect(await fleet.orgkeeper('rules', 'publish', file('rules.yaml', text))).toMatchObject({
    code: 0,
    stdout: '1\n',
  });
}

/** The second version of the baseline `research`. */
async function publishAgain(): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'orgkeeper-rules-')), 'research.yaml');
  writeFileSync(file, 'name: research\nparameters:\n  - { name: /team/stage, value: next }\n');
  expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ stdout: 'research@2\n' });
}

async function move(AccountId: string, SourceParentId: string, DestinationParentId: string): Promise<void> {
  await aws.send(new MoveAccountCommand({ AccountId, SourceParentId, DestinationParentId }));
}

const untilUnmanaged = (id: string) =>
  until(`account ${id} is recorded`, async () => {
    const record = await fleet.record(id);
    return record?.lifecycle === 'unmanaged' ? record : undefined;
  });

const onBaseline = (name: string, ...ids: string[]) =>
  fleet.untilAccounts(`are ready on ${name}`, ids, ({ ready, baseline }) => ready && baseline?.name === name);

/** A pass of every account that is kept; the id of its event. */
async function sweepAll(...ids: string[]): Promise<string> {
  const eventId = await fleet.put('DriftSweepRequested', {});
  await fleet.untilAccounts('have had their pass', ids, ({ lastPass }) => lastPass?.cause.id === eventId);
  return eventId;
}

describe('onboarding', () => {
  it('happens in the configured units: accounts elsewhere are shown only, and onboarded when they are moved there', async () => {
    expect(await fleet.view(kept)).toMatchObject({
      state: 'active',
      baseline: { name: 'research', version: 1 },
    });
    expect(await fleet.record(kept)).toMatchObject({ baselineBy: 'rules' });
    const elsewhere = await fleet.createAccount('elsewhere');
    expect(await untilUnmanaged(elsewhere)).toMatchObject({ lifecycleReason: 'OUTSIDE_ONBOARDING_UNITS' });
    await move(elsewhere, root, other);
    await fleet.untilQuiet();
    expect(await fleet.view(elsewhere)).toMatchObject({ state: 'unmanaged' });
    expect(await runtime.calls({ account: elsewhere })).toEqual([]);
  });

  it('leaves accounts untouched that existed before', async () => {
    expect(await fleet.view(old)).toMatchObject({ state: 'unmanaged' });
    expect(await runtime.calls({ account: old })).toEqual([]);
  });
});

describe('rules', () => {
  it('choose the baseline again when an account moves', async () => {
    await move(kept, research, production);
    await onBaseline('production', kept);
    await move(kept, production, research);
    await onBaseline('research', kept);
  });

  it('leave a baseline that a person assigned', async () => {
    const named = await fleet.createAccount('named');
    await untilUnmanaged(named);
    await move(named, root, research);
    await onBaseline('research', named);
    expect(await fleet.orgkeeper('baseline', 'assign', 'production@1', named, '--yes')).toMatchObject({
      code: 0,
    });
    await onBaseline('production', named);
    await move(named, research, root);
    await fleet.untilQuiet();
    expect(await fleet.view(named)).toMatchObject({ state: 'active', baseline: { name: 'production' } });
  });

  it('explain their choice', async () => {
    const { code, stdout } = await fleet.orgkeeper('rules', 'explain', kept, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      accountId: kept,
      baseline: 'research',
      rule: 2,
      why: 'Rule 2: it is in /Research, within /Research/**.',
      facts: { name: 'kept', place: { units: [root, research], path: '/Research' } },
      has: { baseline: { name: 'research', version: 1 }, by: 'rules' },
    });
  });

  it('are listed, with every version', async () => {
    const { code, stdout } = await fleet.orgkeeper('rules', 'list', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ version: 1, default: 'analytics', rules: [{}, {}] }]);
  });
});

describe('baselines', () => {
  it('are shown by version, and what differs between two of them', async () => {
    const { stdout } = await fleet.orgkeeper('baseline', 'show', 'research@1');
    expect(stdout).toContain('name: /team/stage, value: research');
    const { code, stdout: differences } = await fleet.orgkeeper(
      'baseline',
      'diff',
      'research@1',
      'production',
      '--json',
    );
    expect(code).toBe(2);
    expect(JSON.parse(differences)).toMatchObject([
      { kind: 'name', actual: 'research', desired: 'production' },
      { kind: 'parameters', action: 'updated' },
    ]);
  });
});

describe('a sweep of a baseline', () => {
  it('runs the accounts that the rules gave that baseline, and no others', async () => {
    const { code, stdout } = await fleet.orgkeeper('sweep', '--baseline', 'research', '--wait', '--json');
    expect(code).toBe(0);
    const { accounts } = JSON.parse(stdout) as {
      accounts: { accountId: string; pass: { result: string } }[];
    };
    expect(accounts.map(({ accountId }) => accountId)).toContain(kept);
    for (const { accountId, pass } of accounts) {
      expect((await fleet.view(accountId)).baseline?.name).toBe('research');
      expect(pass.result).toBe('unchanged');
    }
  });
});

describe('an account that leaves', () => {
  it.each([
    ['closed', (AccountId: string) => aws.send(new CloseAccountCommand({ AccountId }))],
    ['removed', (AccountId: string) => aws.send(new RemoveAccountFromOrganizationCommand({ AccountId }))],
  ])('because it is %s is no longer managed, and the sweep continues without it', async (how, go) => {
    const id = await fleet.createAccount(how);
    await untilUnmanaged(id);
    await move(id, root, research);
    await fleet.untilReady(id);
    const before = await fleet.view(id);
    await go(id);
    await fleet.untilAccounts('have departed', [id], ({ state }) => state === 'departed');
    await sweepAll(kept);
    await fleet.untilQuiet();
    expect((await fleet.view(id)).lastPass).toEqual(before.lastPass);
    expect(await fleet.deadLetters()).toBe(0);
  });
});

describe('a lost event', () => {
  it('delays an account until the next listing, which registers it by the rules', async () => {
    const [lost = ''] = await organization.createAccounts(['lost']);
    const move = { AccountId: lost, SourceParentId: root, DestinationParentId: research };
    await organization.client.send(new MoveAccountCommand(move));
    await onBaseline('research', lost);
    expect((await fleet.view(lost)).lastPass?.cause).toMatchObject({
      source: 'orgkeeper',
      detailType: 'Listing',
    });
  });

  it('of a departure is found by the listing, too', async () => {
    const [gone = ''] = await organization.createAccounts(['gone']);
    await until('the listing', () => fleet.record(gone));
    await organization.client.send(new CloseAccountCommand({ AccountId: gone }));
    await fleet.untilAccounts('have departed', [gone], ({ state }) => state === 'departed');
  });
});

describe('a roll-out', () => {
  const orgkeeper = async (...argv: string[]) => {
    const { code, stdout, stderr } = await fleet.orgkeeper('rollout', ...argv, '--json');
    return { code, stderr, document: stdout ? JSON.parse(stdout) : undefined };
  };
  const onVersion = (version: number) =>
    fleet.untilAccounts(
      `are ready on version ${version}`,
      [kept],
      ({ ready, baseline }) => ready && baseline?.name === 'research' && baseline.version === version,
    );

  it('moves every account of the old version by the clock, wave after wave', async () => {
    await publishAgain();
    const argv = ['research@2', '--from', 'research@1', '--waves', '1,100%', '--bake', '0m', '--yes'];
    const { code, document } = await orgkeeper('start', ...argv, '--wait');
    expect({ code, document }).toMatchObject({ code: 0, document: { state: 'finished', troubled: [] } });
    const { progress } = document as { progress: { accounts: number; ready: number }[] };
    expect(progress.map(({ accounts, ready }) => [accounts, ready])).toEqual([
      [1, 1],
      [expect.any(Number), progress[1]?.accounts],
    ]);
    await onVersion(2);
    expect((await fleet.record(kept))?.baselineBy).toBe('rules');
  }, 90_000);

  it('is paused, resumed, and goes back to the version that its accounts had', async () => {
    const argv = ['research@1', '--from', 'research@2', '--waves', '100%', '--bake', '60m', '--yes'];
    const { document: started } = await orgkeeper('start', ...argv);
    const { rolloutId: id } = started as { rolloutId: string };
    await onVersion(1);
    expect(await orgkeeper('pause', id)).toMatchObject({ code: 0, document: { state: 'paused', wave: 1 } });
    const [{ document: listed }, { document: shown }] = await Promise.all([
      orgkeeper('list'),
      orgkeeper('show'),
    ]);
    expect(listed).toMatchObject([{ state: 'finished' }, { rolloutId: id, state: 'paused' }]);
    expect(shown).toMatchObject({ rolloutId: id, progress: [{ behind: 0, failed: 0 }] });
    const { code, stderr } = await orgkeeper('resume', id, '--wait', '--timeout', '1');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('it goes on') });
    expect(await orgkeeper('abort', id, '--roll-back', '--wait')).toMatchObject({
      code: 0,
      document: { state: 'rolledBack' },
    });
    await onVersion(2);
  }, 90_000);
});
