import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pollAccount } from '../../controllers/create-account/request-account.ts';
import type { CreationDeps } from '../../controllers/create-account/transition.ts';
import { isCircuitBreakerOpen } from '../../controllers/engine/gate.ts';
import { announcements, exceptionAnnouncements, kindAnnouncements } from '../../controllers/engine/outbox.ts';
import type { Outcome } from '../../controllers/fleet/outcome.ts';
import { nextStep } from '../../controllers/fleet/rollout-step.ts';
import { onItsWay, rejectionAnnouncement } from '../../controllers/intake/event.ts';
import { follow } from '../../controllers/intake/follow.ts';
import { EVENTS } from '../../controllers/intake/organization-event.ts';
import { clusters } from '../../controllers/kinds/clusters/kind.ts';
import { reviewAnnouncement } from '../../controllers/review/review.ts';
import { finishSweeps } from '../../controllers/sweep/finish.ts';
import { queueHandler } from '../../shared/aws/queue-handler.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { eventSchemas, announcements as schemas } from '../../shared/domain/announcements.ts';
import { clusterOutputs, type KnownCluster } from '../../shared/domain/clusters.ts';
import { RUNNING } from '../../shared/domain/control.ts';
import { askedFor } from '../../shared/domain/creation.ts';
import { Envelope } from '../../shared/domain/envelope.ts';
import { countFleet, fleetSummary, haltedRollouts, standingOf } from '../../shared/domain/fleet-summary.ts';
import { parseRequest, requests } from '../../shared/domain/requests.ts';
import type { Announcement, Difference } from '../../shared/domain/status.ts';
import { WorkMessage } from '../../shared/domain/work.ts';
import { accountKey, statusKey } from '../../shared/store/accounts.ts';
import { saveCreation } from '../../shared/store/creations.ts';
import { checkEvent, SCHEMAS, schemaText } from '../kit/event-schemas.ts';
import {
  aBaselineItem,
  aConfig,
  anOrganizationAccount,
  aPass,
  aRecord,
  aRollout,
  aStatus,
  MAIN,
} from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';
import { blocksOf, page, proseOf, ROOT } from './pages.ts';

const events = page('docs/events.md');
const sections = new Map(
  events.text.split(/^##+ /m).map((text) => [/^[^\n]*/.exec(text)?.[0] ?? '', text] as const),
);
const examples = (heading: string): unknown[] =>
  blocksOf(events, 'json')
    .filter((block) => block.heading === heading)
    .map(({ text }) => JSON.parse(text));
/** What stands in code in the first column of the section's tables. */
const rows = (heading: string): string[] =>
  [...(sections.get(heading) ?? '').matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
/** Headings between two others. */
const headings = (from: string, to: string): string[] => {
  const all = [...sections.keys()];
  return all.slice(all.indexOf(from) + 1, all.indexOf(to));
};

const REQUESTER = '678901234567';
const known = { accountId: '456789012345', name: 'genomics' };
const cluster = {
  ...{ name: 'ad-hoc', request: 'event-0', requester: 'ana', region: 'eu-west-1', instanceType: 'm5.xlarge' },
  ...{ count: 3, release: 'emr-7.5.0', requestedAt: '2026-11-20T09:14:00Z', until: '2026-11-21T09:14:00Z' },
};
const record = aRecord({ accountId: known.accountId });
const quotas = { most: 3, instanceTypes: ['m5.xlarge'], longest: '24h', subnet: '${subnet.public.id}' };
const baseline = { ...aBaselineItem(), sections: { clusters: quotas, network: {}, roles: {} } };
const exception = {
  path: 'network:subnet.private.*',
  until: '2027-01-31T00:00:00.000Z',
  because: 'the vendor migrates',
  request: 'event-0',
  at: '2026-11-20T09:14:00Z',
  requestedBy: 'arn:aws:iam::345678901234:user/ana',
};
/** What an account has before a request of this type about it. */
const givenFor = (type: string): Partial<AccountRecord> => {
  if (type === 'ClusterReleaseRequested') return { clusters: [cluster] };
  return type === 'ExceptionEndRequested' ? { exceptions: [exception] } : {};
};

/** What intake does with an event, whatever is recorded beforehand. */
async function followed(
  event: unknown,
  recorded: readonly string[] = [],
  given: Partial<AccountRecord> = {},
) {
  const envelope = Envelope.parse(event);
  const fake = fakeMain([
    baseline,
    ...recorded.map((accountId) => ({ ...record, ...given, accountId, ...accountKey(accountId) })),
    ...recorded.map((accountId) => ({
      ...aStatus({ accountId, outputs: { 'regions.us-west-2.vpc.id': 'vpc-1' } }),
      ...statusKey(accountId),
    })),
  ]);
  const incoming = onItsWay(envelope, false, new Date(Date.parse(envelope.time) + 3_600_000));
  const organization = {
    describe: async (accountId: string) => anOrganizationAccount({ accountId }),
    tags: async () => ({}),
    place: async () => undefined,
    async *pages() {},
  };
  const outcome = await follow(envelope, incoming, {
    config: aConfig({ requesters: [REQUESTER] }),
    main: fake.main,
    organization,
  });
  return { outcome, incoming, swept: fake.sent };
}
const request = (detailType: string, detail: unknown, account: string = MAIN) => ({
  id: '1c9e6f0a-3b1d-4c55-8d2e-5f6a7b8c9d0e',
  source: 'orgkeeper.request',
  'detail-type': detailType,
  account,
  time: '2026-11-20T09:14:07Z',
  detail,
});
const causeOf = (detailType: string) => ({ source: 'orgkeeper.request', detailType, id: request('', {}).id });
const announced = (outcome: Outcome): readonly Announcement[] =>
  outcome.did === 'accepted' ? outcome.announce : [];

describe('requests in docs/events.md', () => {
  const documented = headings('Requests', 'Events of AWS');

  it('are all requests', () => {
    expect(documented.toSorted()).toEqual(Object.keys(requests).toSorted());
  });

  it.each(Object.entries(requests))('document every field of %s, and no others', (type, schema) => {
    expect([...rows(type), ...rows('Requests')].toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  });

  it.each(documented)('have valid examples of %s, which show every field', (type) => {
    const shown = examples(type);
    expect(shown.map((detail) => parseRequest(type, detail))).toEqual(
      shown.map((detail) => ({ request: { type, detail } })),
    );
    expect([...new Set(shown.flatMap((detail) => Object.keys(detail as object)))].toSorted()).toEqual(
      rows(type).toSorted(),
    );
  });

  it('may all say who asks, and why, which then stands in the cause', async () => {
    const [claims] = examples('Requests');
    expect(Object.keys(claims as object).toSorted()).toEqual(rows('Requests').toSorted());
    for (const type of documented) {
      const detail = { ...(examples(type)[0] as object), ...(claims as object) };
      const { outcome, incoming } = await followed(
        request(type, detail),
        ['456789012345', '567890123456'],
        givenFor(type),
      );
      expect({ type, outcome }).toMatchObject({ outcome: { did: 'accepted' } });
      expect(incoming.cause).toEqual({ ...causeOf(type), sentBy: MAIN, ...(claims as object) });
    }
  });

  it.each(documented)('are followed as the page says about %s', async (type) => {
    for (const detail of examples(type)) {
      const all = ['456789012345', '567890123456'];
      const { outcome, swept } = await followed(request(type, detail), all, givenFor(type));
      const did =
        outcome.did === 'accepted' ? outcome.work.length + outcome.announce.length + swept.length : 0;
      expect({ detail, outcome, did: did > 0 }).toMatchObject({ outcome: { did: 'accepted' }, did: true });
    }
  });

  const refused = { did: 'rejected', rejection: { reason: 'SenderNotAllowed' } };
  it.each(documented)('are refused as %s from an account that is not a requester', async (type) => {
    const [detail] = examples(type);
    expect((await followed(request(type, detail, '999999999999'))).outcome).toMatchObject(refused);
    expect((await followed({ ...request(type, detail), account: undefined })).outcome).toMatchObject(refused);
  });

  it('are followed from a requester, except retirement', async () => {
    const did = async (type: string) =>
      (await followed(request(type, examples(type)[0], REQUESTER), [known.accountId, '567890123456']))
        .outcome;
    expect(await did('DriftSweepRequested')).toMatchObject({ did: 'accepted' });
    expect(await did('AccountRetirementRequested')).toMatchObject(refused);
  });
});

describe("AWS's events in docs/events.md", () => {
  it('are followed as the page says', async () => {
    const [succeeded, failed] = examples('CreateAccountResult');
    expect(announced((await followed(succeeded)).outcome)).toMatchObject([
      { detailType: 'AccountRegistered', detail: known },
    ]);
    expect(announced((await followed(failed)).outcome)).toMatchObject([
      { detailType: 'AccountCreationFailed', detail: { reason: 'EMAIL_ALREADY_EXISTS' } },
    ]);
  });

  it('are all that intake follows', () => {
    const said = ['CreateAccountResult', ...rows('Other events of the organization')];
    expect(said.toSorted()).toEqual(Object.values(EVENTS).flatMap(Object.keys).toSorted());
  });

  it('are followed if they are about a managed account', async () => {
    for (const event of examples('Other events of the organization')) {
      const moved = await followed(event, [known.accountId], {
        baselineBy: 'rules',
        baseline: { name: 'web', version: 1 },
      });
      expect(announced(moved.outcome)).toMatchObject([{ detailType: 'AccountRegistered', detail: known }]);
      expect((await followed(event)).outcome).toMatchObject({ did: 'ignored' });
    }
  });

  it('are refused from any account but the management account', async () => {
    const [event] = examples('CreateAccountResult');
    expect((await followed({ ...(event as object), account: MAIN })).outcome).toMatchObject({
      rejection: { reason: 'SenderNotAllowed' },
    });
  });
});

/** Each announcement as the code makes it. */
const made: Readonly<Record<string, () => Promise<Announcement | undefined>>> = {
  AccountRegistered: async () =>
    announced((await followed(request('AccountRegistrationRequested', known))).outcome)[0],
  AccountRetired: async () => {
    const asked = request('AccountRetirementRequested', { accountId: known.accountId, resources: 'retain' });
    return announced((await followed(asked, [known.accountId])).outcome)[0];
  },
  ExceptionEnded: async () => {
    const before = aStatus({ exceptions: [exception] });
    const run = { record, before, place: {}, startedAt: new Date(exception.until) };
    return exceptionAnnouncements(run, aPass())[0];
  },
  ClusterReady: async () => ofClusters({ state: 'starting' }, { state: 'ready' }),
  ClusterEnded: async () =>
    ofClusters(
      { state: 'ready' },
      { state: 'ended', reason: 'TerminatedByHand', message: 'by user request' },
    ),
  ClusterOrphaned: async () => {
    const since = '2026-11-20T13:19:09.000Z';
    const after = { outputs: { 'clusters.orphans.j-3BXXXXXXHBQMG': since }, lastPass: aPass() };
    return kindAnnouncements({ record, before: aStatus(), regions: ['eu-west-1'] }, [unit], after)[0];
  },
  AccountCreationFailed: async () =>
    announced((await followed(examples('CreateAccountResult')[1])).outcome)[0],
  RequestRejected: async () => {
    const { outcome, incoming } = await followed(
      request('AccountRegistrationRequested', {
        accountId: '45678901234',
        name: 'genomics',
        baselin: 'analytics',
      }),
    );
    return outcome.did === 'rejected' ? rejectionAnnouncement(incoming, outcome.rejection) : undefined;
  },
  AccountReady: async () => announcements(record, undefined, passed())[0],
  AccountDegraded: async () =>
    announcements(record, aStatus(), { ...passed('failed'), ready: false, conditions: [unmet] })[0],
  DriftDetected: async () => announcements(record, aStatus(), passed('drifted'))[0],
  DriftCorrected: async () => announcements(record, aStatus(), passed('corrected'))[0],
  WorkFailed: async () => {
    const body = { accountId: known.accountId };
    const record = { ...aMessage(body), messageId: '5fea7756-0ea4-451a-a703-a558b933e274' };
    const fake = fakeMain();
    const { logger } = silentLogger();
    const now = () => new Date();
    const work = { queue: fake.main.work, receives: 12, bus: fake.main.bus, schema: WorkMessage };
    const handle = async () => 'done' as const;
    await queueHandler({ ...work, logger, now, batch: 'one-by-one', handle })(batch(record), secondsLeft(60));
    return fake.put[0];
  },
  AccessReviewCompleted: async () => {
    const finding = { id: 'f', kind: 'RoleTrust', subject: 's', other: 'o', flags: ['Wildcard'] } as const;
    const review = { schemaVersion: 1, accountId: known.accountId, accountName: known.name } as const;
    const found = {
      reviewedAt: '',
      unusedDays: 90,
      findings: [{ ...finding, flags: [...finding.flags] }],
      unread: [],
    };
    const cause = { source: 's', detailType: 'AccessReviewRequested', id: 'i' };
    return reviewAnnouncement({ ...review, ...found }, undefined, { cause });
  },
  RolloutHalted: async () => {
    const started = {
      order: 'start',
      at: '2026-11-20T12:00:00Z',
      requestedBy: 'ana',
      reason: 'ticket 42',
    } as const;
    const rollout = aRollout({ stage: { is: 'rolling', wave: 0 }, orders: [started] });
    const accounts = new Map([[known.accountId, { unreadable: true }]] as const);
    const sight = { waves: [[known.accountId]], accounts, control: RUNNING, now: new Date() };
    const step = nextStep(rollout, sight);
    return step.is === 'save' ? step.rollout.owed?.[0] : undefined;
  },
  FleetSummary: async () => {
    const counts = {
      accounts: 1,
      unchanged: 0,
      corrected: 0,
      drifted: 0,
      waiting: 0,
      failed: 1,
      unreadable: 0,
    };
    const finished = { ...counts, lastAt: '', worst: [], seconds: 1 };
    const began = {
      sweepId: 's',
      startedAt: '',
      accounts: 1,
      drifted: 0,
      stopped: false,
      fleet: true,
    } as const;
    const late = aStatus({ ready: false, conditions: [unmet], unreadySince: '2026-11-01T00:00:00Z' });
    const now = new Date('2026-11-20T02:03:00Z');
    const standing = standingOf(
      record,
      { ...late, lastPass: aPass({ result: 'failed' }) },
      { control: RUNNING, now },
    );
    const stage = { is: 'halted', wave: 1, reason: 'TooManyFailures', message: 'no' } as const;
    const detail = fleetSummary(
      '2026-11-20T02:00:00Z',
      countFleet([standing], now),
      { ...began, finished },
      haltedRollouts([aRollout({ stage })]),
    );
    return { detailType: 'FleetSummary', detail };
  },
  SweepFinished: async () => {
    const cause = {
      source: 's',
      detailType: 'DriftSweepRequested',
      id: 's',
      sentBy: MAIN,
      reason: 'nightly',
    };
    const progress = {
      sweepId: 's',
      accounts: 1,
      drifted: 0,
      stopped: false,
      startedAt: '2026-11-20T02:00:00Z',
      cause,
    };
    const pk = 'sweep#s';
    const failed = { ...passed('failed'), accountId: known.accountId, conditions: [unmet], dueAt: 'later' };
    const fake = fakeMain([
      { pk, sk: 'progress', ...progress, due: 'sweep', dueAt: '' },
      {
        pk,
        sk: 'part#1',
        sweepId: 's',
        name: '1',
        accountIds: [known.accountId],
        since: '2020-01-01T00:00:00Z',
      },
      { ...aStatus(failed), ...statusKey(known.accountId) },
    ]);
    await finishSweeps(new Date(), { main: fake.main, timeLeft: () => true });
    return fake.put[0];
  },
  SweepStopped: async () => {
    const progress = { sweepId: 's', accounts: 200, drifted: 40, stopped: false, startedAt: '' };
    const fake = fakeMain([{ pk: 'sweep#s', sk: 'progress', ...progress }]);
    await isCircuitBreakerOpen(fake.main, 's', known.accountId);
    return fake.put[0];
  },
};
const unit = { kind: clusters, differences: [], unowned: [], state: { is: 'inDesiredState' } } as const;
/** What is announced when what is recorded of a cluster changes. */
function ofClusters(
  was: Pick<KnownCluster, 'state'>,
  is: Omit<KnownCluster, 'request' | 'id'>,
): Announcement | undefined {
  const outputs = (known: Omit<KnownCluster, 'request' | 'id'>) =>
    Object.fromEntries(
      Object.entries(clusterOutputs('nightly', { request: 'event-5', id: 'j-1', ...known })).flatMap(
        ([key, value]) => (value === undefined ? [] : [[key, value]]),
      ),
    );
  const run = { record, before: aStatus({ outputs: outputs(was) }), regions: ['eu-west-1'] } as const;
  return kindAnnouncements(run, [unit], { outputs: outputs(is), lastPass: aPass() })[0];
}
const unmet = {
  type: 'Access',
  status: 'False',
  reason: 'AccessRoleDenied',
  message: 'no',
  changedAt: '',
} as const;
const difference: Difference = {
  kind: 'parameters',
  resource: '/a',
  path: 'value',
  desired: 'x',
  actual: 'y',
  action: 'updated',
};
function passed(result: 'unchanged' | 'corrected' | 'drifted' | 'failed' = 'unchanged') {
  const found: Difference = { ...difference, action: result === 'corrected' ? 'updated' : 'reported' };
  const lastPass = aPass({ result, differences: result === 'unchanged' ? [] : [found] });
  return { ready: true, conditions: [], lastPass };
}

interface FailedEvent {
  readonly detail: {
    readonly serviceEventDetails: { readonly createAccountStatus: { id: string; failureReason: string } };
  };
}

/** Names of the fields, of what is within them too. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return [fieldsOf(value[0])];
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fieldsOf(item)]));
}

describe('announcements in docs/events.md', () => {
  const documented = headings('Announcements', 'Subscribing');

  it('are all that the controllers make', () => {
    const found = ['controllers', 'shared']
      .flatMap(sources)
      .flatMap((text) =>
        [...text.matchAll(/detailType: '([A-Z]\w+)',? ?(?:detail\b|\n\s*detail\b)/g)].map(
          ([, type]) => type ?? '',
        ),
      );
    expect([...new Set(found)].toSorted()).toEqual(documented.toSorted());
    expect(Object.keys(made).toSorted()).toEqual(documented.toSorted());
  });

  it('have each a schema', () => {
    expect(Object.keys(schemas).toSorted()).toEqual(documented.toSorted());
  });

  it.each(documented)('show %s with its real fields', async (type) => {
    const event = await made[type]?.();
    expect(event?.detailType).toBe(type);
    checkEvent({
      source: 'orgkeeper',
      'detail-type': type,
      detail: JSON.parse(JSON.stringify(event?.detail)),
    });
    expect(examples(type).map(fieldsOf).at(-1)).toEqual(fieldsOf(event?.detail));
  });

  it('show a failed creation that was requested with its real fields', async () => {
    const [asked] = examples('AccountCreationRequested');
    const [, failed] = examples('CreateAccountResult');
    const parsed = parseRequest('AccountCreationRequested', asked);
    if (!('request' in parsed) || parsed.request.type !== 'AccountCreationRequested')
      throw new Error('no request');
    const { detail } = parsed.request;
    const { main, put } = fakeMain();
    const { id: creationId, failureReason } = (failed as FailedEvent).detail.serviceEventDetails
      .createAccountStatus;
    const cause = { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id: 'event-1' };
    const stage = { is: 'creating', creationId, looks: 0 } as const;
    const creator = { status: async () => ({ creationId, state: 'FAILED', failureReason }) };
    const deps = { main, creator } as unknown as CreationDeps;
    const request = askedFor(detail, cause, '2026-11-20T09:14:07Z');
    await saveCreation(main.table, request);
    await pollAccount({ ...request, stage }, deps);
    expect(examples('AccountCreationFailed').map(fieldsOf)[0]).toEqual(fieldsOf(put[0]?.detail));
  });

  it.each(documented)('explain every field of %s', (type) => {
    const explained = [...rows('Announcements'), ...rows(type)];
    const shown = examples(type).flatMap((detail) => Object.keys(detail as object));
    expect(shown.filter((field) => !explained.includes(field))).toEqual([]);
  });

  it('name every reason for which intake refuses', () => {
    const found = ['controllers/intake', 'controllers/fleet']
      .flatMap(sources)
      .flatMap((text) =>
        [...text.matchAll(/\b(?:rejected|refusal|of)\(\s*'([A-Z]\w+)'/g)].map(([, reason]) => reason ?? ''),
      );
    const said = rows('RequestRejected').filter((row) => /^[A-Z]/.test(row));
    expect(said.toSorted()).toEqual([...new Set(found)].toSorted());
  });
});

describe('the files in docs/schemas', () => {
  it('are as `npm run schemas` writes them', () => {
    const written = Object.fromEntries(
      readdirSync(SCHEMAS).map((file) => [file, readFileSync(join(SCHEMAS, file), 'utf8')]),
    );
    const current = Object.entries(eventSchemas()).map(([type, schema]) => [
      `${type}.json`,
      schemaText(schema),
    ]);
    expect(written).toEqual(Object.fromEntries(current));
  });

  it.each(Object.keys(requests))('accept the examples of %s, and not one with an unknown key', (type) => {
    for (const detail of examples(type)) {
      const event = { source: 'orgkeeper.request', 'detail-type': type, detail };
      expect(() => checkEvent(event)).not.toThrow();
      const misspelt = { ...event, detail: { ...(detail as object), baselin: 'x' } };
      expect(() => checkEvent(misspelt)).toThrow(/baselin/);
    }
  });

  it.each(headings('Announcements', 'Subscribing'))(
    'accept every example of %s, and not one without a reason',
    (type) => {
      for (const detail of examples(type)) {
        const event = { source: 'orgkeeper', 'detail-type': type, detail };
        expect(() => checkEvent(event)).not.toThrow();
        expect(() => checkEvent({ ...event, source: 'orgkeeper.request' })).toThrow(/source/);
        if (!Object.hasOwn(detail as object, 'reason')) continue;
        const { reason: _, ...without } = detail as Record<string, unknown>;
        expect(() => checkEvent({ ...event, detail: without })).toThrow(/reason/);
      }
    },
  );
});

describe('patterns in docs/events.md', () => {
  const whole = [...headings('Announcements', 'Subscribing')].flatMap((type) =>
    examples(type).map((detail) => ({ source: 'orgkeeper', 'detail-type': type, detail })),
  );

  it('match an event that the page shows', () => {
    const patterns = blocksOf(events, 'json').filter(({ heading }) => heading === 'Subscribing');
    expect(patterns.length).toBeGreaterThan(2);
    const others = { ...whole[0], detail: { differences: [{ kind: 'executionRole' }] } };
    const role = { ...others, 'detail-type': 'DriftCorrected' };
    for (const { text } of patterns) {
      const pattern: unknown = JSON.parse(text);
      expect({ pattern, matches: [...whole, role].some((event) => matches(pattern, event)) }).toEqual({
        pattern,
        matches: true,
      });
    }
  });

  it('name no detail-type that does not exist', () => {
    const named = proseOf(events).match(/`(Account|Cluster|Drift|Sweep|Request|Work)[A-Z]\w+`/g) ?? [];
    const there = [...Object.keys(requests), ...Object.keys(made)].map((type) => `\`${type}\``);
    const ofAws = Object.values(EVENTS).flatMap(Object.keys);
    const others = [...rows('RequestRejected'), ...ofAws].map((name) => `\`${name}\``);
    expect(named.filter((type) => !there.includes(type) && !others.includes(type))).toEqual([]);
  });
});

/** EventBridge's matching, as far as the page uses it. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return [value].flat().some((one) => pattern.includes(one));
  if (Array.isArray(value)) return value.some((one) => matches(pattern, one));
  return Object.entries(pattern as object).every(([key, wanted]) =>
    matches(wanted, (value as Record<string, unknown> | undefined)?.[key]),
  );
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'));
}
