import { putEvents } from '../../shared/aws/bus.ts';
import { ControllerError } from '../../shared/domain/errors.ts';
import { OUR_SOURCE } from '../../shared/domain/event-sources.ts';
import type { AccountStatus, Difference, PassRecord } from '../../shared/domain/status.ts';
import { clearAnnouncements, saveStatus } from '../../shared/store/statuses.ts';
import { announcements, mended } from './announce.ts';
import { accessFinding, errorFinding, kindFinding, toConditions } from './conditions.ts';
import { nextLook } from './due.ts';
import { type Findings, result, wants } from './findings.ts';
import type { Pass, PassDeps, PassOutcome } from './pass-types.ts';
import { retiredStatus } from './retired.ts';

/** Saves the status of a pass once, and announces what changed. */
export async function finish(pass: Pass, found: Findings, deps: PassDeps): Promise<PassOutcome> {
  await pass.turn.end();
  const now = new Date();
  const errors = [
    ...found.failures.map(({ error }) => error),
    ...found.outcomes.flatMap(({ state }) => (state.is === 'failed' ? [state.error] : [])),
  ];
  const passing = errors.find((error) => !(error instanceof ControllerError) || error.retry === 'again');
  const reached = toStatus(pass, found, errors, now);
  const status = found.retired ? retiredStatus(reached) : reached;
  const { lastPass } = status;
  const unannounced = [
    ...(pass.before?.unannounced ?? []),
    ...announcements(pass.record, pass.before, status),
  ];
  const saved: AccountStatus = { ...status, ...(unannounced.length > 0 && { unannounced }) };
  const worthHistory = lastPass.differences.length > 0 || wentWrong(lastPass, pass.before?.lastPass);
  await saveStatus(deps.main.table, saved, {
    passId: pass.id,
    now,
    record: pass.record,
    ...(worthHistory && (passing === undefined || mended(lastPass)) && { history: lastPass }),
  });
  if (unannounced.length > 0) {
    await putEvents(deps.main.bus, unannounced, OUR_SOURCE);
    await clearAnnouncements(deps.main.table, saved);
  }
  const firstReady = saved.readySince !== undefined && pass.before?.readySince === undefined;
  // Not from this message, which may only say that it is time to look again.
  const secondsToReady = (now.getTime() - Date.parse(pass.record.requestedAt)) / 1000;
  return {
    did: 'passed',
    status: saved,
    ...(firstReady && { secondsToReady }),
    ...(passing !== undefined && { retry: passing }),
  };
}

/** True for a pass that failed or waits where the one before did not: worth a line of history. */
function wentWrong({ result }: PassRecord, before: PassRecord | undefined): boolean {
  return (result === 'failed' || result === 'waiting') && result !== before?.result;
}

/** The status after a pass. Pure. */
function toStatus(
  pass: Pass,
  found: Findings,
  errors: readonly unknown[],
  now: Date,
): AccountStatus & { lastPass: PassRecord } {
  const { before, record, request } = pass;
  // What is desired now has its own time.
  const waited = before?.observedGeneration === record.generation ? before.waiting : undefined;
  const due = nextLook(wants(found, errors, request.lastReceive), waited, now);
  const findings = [
    ...found.outcomes.map((outcome) => kindFinding(outcome, found.hold, due.gaveUp)),
    ...(found.verdict ? [accessFinding(found.verdict)] : []),
    ...found.findings,
    ...found.failures.map(({ type, error }) => errorFinding(type, error, due.gaveUp)),
  ];
  const conditions = toConditions(findings, before?.conditions ?? [], now.toISOString());
  const ready = conditions.length > 0 && conditions.every(({ status }) => status === 'True');
  const readySince = before?.readySince ?? (ready ? now.toISOString() : undefined);
  const admitted = found.admitted ? { ...found.admitted, at: now.toISOString() } : before?.admitted;
  const lastPass: PassRecord = {
    id: pass.id,
    startedAt: pass.startedAt.toISOString(),
    finishedAt: now.toISOString(),
    cause: request.message.cause,
    baseline: record.baseline ?? { name: 'none', version: 0 },
    result: due.gaveUp ? 'failed' : result(found, errors),
    calls: { ...pass.calls },
    differences: differencesOf(found, before),
  };
  return {
    schemaVersion: 1,
    accountId: record.accountId,
    version: (before?.version ?? 0) + 1,
    observedGeneration: record.generation,
    ready,
    ...(readySince && { readySince }),
    conditions,
    outputs: pass.place.outputs,
    ...(pass.stands.home && { home: pass.stands.home }),
    ...(pass.stands.leftovers.length > 0 && { leftovers: pass.stands.leftovers }),
    ...(admitted && { admitted }),
    foreign: found.outcomes.length > 0 ? foreignNames(found) : (before?.foreign ?? []),
    ...(due.dueAt && { dueAt: due.dueAt }),
    ...(due.waiting && { waiting: due.waiting }),
    lastPass,
  };
}

/** What was found that differs, and what others added that was not reported before. */
function differencesOf(found: Findings, before: AccountStatus | undefined): Difference[] {
  const known = new Set(before?.foreign);
  const fresh = found.outcomes.flatMap(({ unowned }) =>
    unowned.filter((one) => !known.has(foreignName(one))),
  );
  return [...found.outcomes.flatMap(({ differences }) => differences), ...fresh];
}

function foreignNames(found: Findings): string[] {
  return found.outcomes.flatMap(({ unowned }) => unowned.map(foreignName));
}

function foreignName({ kind, resource, path }: Difference): string {
  return [kind, resource, path].join(' ');
}
