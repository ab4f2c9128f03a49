import {
  type DifferingByDay,
  noteDiffering,
  type ReportParts,
  seen,
} from '../../controllers/report/model.ts';
import { accountView } from '../../shared/domain/account-view.ts';
import { RUNNING } from '../../shared/domain/control.ts';
import { UnreadableItem } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { ListedAccount } from '../../shared/store/listed-accounts.ts';
import type { FleetPass } from '../../shared/store/statuses.ts';
import { aPass, aRecord, aRejected, aStatus } from './factories.ts';

const NOW = new Date('2026-11-20T06:00:00.000Z');
const DAY_MS = 86_400_000;
const KINDS = ['executionRole', 'network', 'parameters', 'roles'];
const OBSTACLES = [
  [
    'Network',
    'InUse',
    'Subnet subnet-1 is still used by eni-2 of account ID: remove it, or keep the subnet.',
  ],
  ['Access', 'AccessDenied', 'Account ID refuses the access role: its trust must admit Main.'],
  ['Parameters', 'NotYetConsistent', 'A change is not visible yet; Orgkeeper looks again by itself.'],
] as const;

/** Texts of a fleet, by where they stand; each is the same everywhere if one is given. */
interface Texts {
  /** Replaces every text that comes from outside. */
  readonly everywhere?: string;
  /** Differences of each account that is not ready. */
  readonly differences?: number;
  /** Makes texts long and different, so that they pack badly. */
  readonly noise?: (at: number) => string;
}

/** What is read for a report on a fleet of so many accounts: about one in ten is not ready, and one in five had differences. */
export function reportedFleet(
  count: number,
  { everywhere, differences = 2, noise }: Texts = {},
): ReportParts {
  const of = (text: string) => everywhere ?? text;
  const baselineAt = (at: number) => ({
    name: of(at % 7 === 0 ? 'research' : 'analytics'),
    version: at % 5 === 0 ? 3 : 4,
  });
  const difference = (at: number, n: number): Difference => ({
    kind: of(KINDS[(at + n) % KINDS.length] ?? ''),
    ...(at % 2 === 0 && { region: of('eu-west-1') }),
    resource: of(`resource ${n}`),
    path: of('tags.owner'),
    desired: of(noise?.(at + n) ?? 'platform'),
    actual: [of('somebody')],
    action: (at + n) % 3 === 0 ? 'reported' : 'updated',
  });
  const several = (at: number) => Array.from({ length: differences }, (_, n) => difference(at, n));
  const idOf = (at: number) => String(100_000_000_000 + at * 37);
  const listed = Array.from({ length: count }, (_, at): ListedAccount => {
    const accountId = idOf(at);
    const failed = at % 10 === 3;
    const unmanaged = at % 25 === 24;
    const record = aRecord({
      accountId,
      name: of(`${['genomics', 'physics', 'proteomics', 'imaging'][at % 4]}-${at}`),
      email: of(`owner-${at}@example.com`),
      unit: of(`ou-abcd-1111111${at % 9}`),
      baseline: baselineAt(at),
      lifecycle: unmanaged ? 'unmanaged' : 'managed',
      ...(at % 20 === 1 && {
        exceptions: [
          {
            ...{
              path: of('network:subnet.public.*'),
              until: '2027-01-31T00:00:00.000Z',
              request: of('event-5'),
            },
            ...{ because: of('the vendor migrates'), at: '2026-11-19T09:00:00.000Z' },
            requestedBy: of('arn:aws:iam::345678901234:user/ana'),
          },
        ],
      }),
    });
    const [type, reason, message] = OBSTACLES[at % OBSTACLES.length] ?? OBSTACLES[0];
    const status = aStatus({
      accountId,
      ready: !failed,
      conditions: failed
        ? [
            {
              ...{ type: of(type), reason: of(reason), status: 'False' },
              message: of(message.replace('ID', accountId) + (noise?.(at) ?? '')),
              changedAt: of('2026-11-19T02:00:04.000Z'),
            },
          ]
        : [],
      lastPass: aPass({
        result: failed ? 'failed' : at % 5 === 0 ? 'corrected' : 'unchanged',
        finishedAt: '2026-11-20T02:10:00.000Z',
        differences: failed || at % 5 === 0 ? several(at) : [],
      }),
    });
    const view = accountView({ record, ...(!unmanaged && { status }), control: RUNNING, now: NOW });
    return { view, record, ...(!unmanaged && { readySince: '2026-01-01T00:00:00.000Z' }) };
  });
  const passes = listed
    .flatMap(({ view: { accountId } }, at): FleetPass[] => {
      if (at % 5 !== 0) return [];
      const startedAt = new Date(NOW.getTime() - (at % 30) * DAY_MS - 4 * 3_600_000).toISOString();
      const cause = {
        source: of('orgkeeper.request'),
        detailType: of('DriftSweepRequested'),
        id: of(`event-${at}`),
        requestedBy: of('arn:aws:iam::345678901234:role/platform'),
        reason: of('the quarterly audit'),
      };
      const pass = aPass({
        id: of(`pass-${at}`),
        startedAt,
        cause,
        result: 'corrected',
        differences: several(at),
      });
      return [{ ...pass, accountId, baseline: baselineAt(at) }];
    })
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  const accounts = listed.map(seen);
  const differing: DifferingByDay = new Map();
  for (const pass of passes) noteDiffering(differing, pass, '2026-01-01T00:00:00.000Z');
  const cause = { source: of('orgkeeper.request'), detailType: of('DriftSweepRequested'), id: of('night-1') };
  return {
    ...{ accounts, passes, differing, control: RUNNING, now: NOW },
    since: '2026-11-19T06:00:00.000Z',
    sweeps: [
      {
        sweepId: of('night-1'),
        accounts: count,
        drifted: 12,
        stopped: true,
        startedAt: '2026-11-20T02:00:00.000Z',
        cause,
        finished: {
          ...{ accounts: count, unchanged: 80, corrected: 7, drifted: 12, waiting: 0, failed: 1 },
          ...{ lastAt: '2026-11-20T02:10:00.000Z', seconds: 600, worst: [] },
        },
      },
    ],
    unreadable: [
      new UnreadableItem({ pk: of('rollout#x'), sk: of('rollout') }, [
        { path: of('stage'), message: of('is missing') },
      ]),
    ],
    rollouts: [
      {
        ...{ schemaVersion: 1, id: of('rollout-1'), version: 3, waves: ['1', '50%', '100%'] },
        ...{ bakeMinutes: 30, failures: '5%', readyAt: [] },
        from: { name: of('analytics'), version: 3 },
        to: { name: of('analytics'), version: 4 },
        stage: {
          ...{ is: 'halted', wave: 1, reason: 'TooManyFailures' },
          message: of('6 of 100 accounts failed: correct the baseline, or go back.'),
        },
        ...{
          startedAt: '2026-11-18T09:00:00.000Z',
          patientFrom: '2026-11-18T09:00:00.000Z',
          changedAt: '2026-11-18T10:00:00.000Z',
        },
      },
    ],
    rejected: [
      {
        ...aRejected(of('event-9'), { cause, sentBy: of('345678901234') }),
        ...{ reason: of('InvalidRequest'), message: of('detail.baseline is not a name.'), problems: [] },
      },
    ],
  };
}
