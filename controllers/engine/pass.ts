import { randomUUID } from 'node:crypto';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import {
  AccessDenied,
  InvalidDesiredState,
  NotYetConsistent,
  UnreadableItem,
} from '../../shared/domain/errors.ts';
import { type AccountItems, loadAccount } from '../../shared/store/accounts.ts';
import { dropStatus, stopLooking } from '../../shared/store/statuses.ts';
import { type AnyKind, UNANSWERED, UNANSWERED_SECONDS } from '../kinds/kind.ts';
import { compareKind, differs } from './compare-kind.ts';
import type { Finding, Hold } from './conditions.ts';
import { type KeptKind, keptKinds } from './desired.ts';
import { clientsFor, notYet } from './enter.ts';
import type { Findings } from './findings.ts';
import { finish } from './finish.ts';
import { holdReason, lease, stoppedSince } from './hold.ts';
import { keepKind } from './keep-kind.ts';
import { isShutOut, type KindOutcome } from './kind-outcome.ts';
import { lookAtLeftovers, setLeftoversApart } from './leftovers.ts';
import { observeKinds, type Seen } from './observe-kinds.ts';
import { giveAddress, withAddress } from './own-addresses.ts';
import type { Pass, PassDeps, PassOutcome, PassRequest } from './pass-types.ts';
import { holdingBack } from './put-back.ts';
import { removeAll } from './retirement.ts';
import { readingSessions, writingPolicy } from './session-policy.ts';
import { isWorkedOn, skipReason } from './skip.ts';
import { takeTurn } from './turn.ts';
import { sayUnreadable } from './unreadable.ts';
import { verified, wroteRole } from './verification.ts';

/**
 * One pass over one account: observe all kinds at once, compare, mend in order, verify the execution role, save
 * once, announce. Level-triggered: the message says which account, the pass reads the world. Safe to repeat after a
 * crash at any call.
 * @throws ControllerError or whatever else kept it from saving a status
 */
export async function runPass(request: PassRequest, deps: PassDeps): Promise<PassOutcome> {
  const startedAt = new Date();
  const { table } = deps.main;
  const items = await readItems(request, deps);
  if (items instanceof UnreadableItem) return { did: 'stopped', item: items };
  const { record, status: before, address, control } = items;
  const why = skipReason({ record, before, sentAt: request.sentAt, config: deps.config });
  if (why || !record) {
    if (record && !isWorkedOn(record.lifecycle) && before?.dueAt) await stopLooking(table, before);
    if (!record && before) await dropStatus(table, before);
    return { did: 'skipped', why: why ?? 'no such account' };
  }
  const place = { record, config: deps.config, outputs: withAddress(before?.outputs, address) };
  const calls = { reads: 0, writes: 0 };
  const turn = takeTurn(request.until);
  const stands = { home: before?.home ?? items.begun, leftovers: before?.leftovers ?? [] };
  const pass: Pass = {
    ...{ id: randomUUID(), startedAt, request, record, before, control, place, stands, turn, calls },
  };
  return finish(pass, await findings(pass, deps), deps);
}

/** The account's items; or the one that cannot be read, once that is said. */
async function readItems(request: PassRequest, deps: PassDeps): Promise<AccountItems | UnreadableItem> {
  try {
    return await loadAccount(deps.main.table, request.message.accountId);
  } catch (error) {
    if (!(error instanceof UnreadableItem)) throw error;
    await sayUnreadable(error, request, deps);
    return error;
  }
}

/** Everything that the pass found out and did; failures are findings, too. */
async function findings(pass: Pass, deps: PassDeps): Promise<Findings> {
  let kept: KeptKind[] = [];
  try {
    kept = await desired(pass, deps);
  } catch (error) {
    return { outcomes: [], findings: [], failures: [{ type: 'Baseline', error }] };
  }
  setLeftoversApart(pass, deps, kept);
  if (pass.record.lifecycle === 'retiring') return removeAll(pass, deps, kept);
  const read = kindsToRead(pass, deps, kept);
  const look = (at: Pass) => clientsFor(at, deps, { policy: readingSessions(read) });
  let reading: MemberClients;
  try {
    reading = await look(pass);
  } catch (error) {
    const unknown = kept.map(({ kind }) => notObserved(kind));
    return { outcomes: [], findings: unknown, failures: [{ type: 'Access', error }] };
  }
  const outcomes = await keep(pass, deps, kept, reading);
  const [found, left] = await Promise.all([
    verified(pass, deps, outcomes.list),
    lookAtLeftovers(pass, deps, look),
  ]);
  return { ...found, findings: [...found.findings, ...left], ...(outcomes.hold && { hold: outcomes.hold }) };
}

/** What one session looks at: what is kept, and what was and may still be there. */
function kindsToRead({ stands }: Pass, deps: PassDeps, kept: readonly KeptKind[]): AnyKind[] {
  const names = new Set([...kept.map(({ kind }) => kind.name), ...stands.leftovers.map(({ kind }) => kind)]);
  return deps.kinds.filter(({ name }) => names.has(name));
}

async function desired(pass: Pass, deps: PassDeps): Promise<KeptKind[]> {
  const reference = pass.record.baseline;
  const baseline = reference && (await deps.loadBaseline(reference));
  if (baseline) return keptKinds(baseline, deps.kinds);
  const name = reference ? formatBaseline(reference) : 'none';
  throw new InvalidDesiredState(`The account's baseline ${name} was never published.`, [], {
    reason: 'BaselineMissing',
    remedy: 'Publish it, or assign another with `orgkeeper baseline assign`.',
  });
}

interface Kept {
  readonly list: readonly KindOutcome[];
  readonly hold?: Hold;
}

async function keep(
  pass: Pass,
  deps: PassDeps,
  kept: readonly KeptKind[],
  reading: MemberClients,
): Promise<Kept> {
  const unaddressed = await giveAddress(pass, deps, kept);
  const observed = await observeKinds(kept, pass.place, reading);
  const seen = observed.map((one) => holdingBack(one, pass));
  const wantsWriting = seen.some((one) => differs(compareKind(one, pass.place)));
  let hold = wantsWriting ? await holdReason(pass, deps) : undefined;
  if (wantsWriting && !hold) await lease(pass, deps);
  const may = async () => {
    hold ??= await stoppedSince(pass, deps);
    return !hold;
  };
  const list: KindOutcome[] = [];
  const roleWasChanged = () => pass.record.executionRoleArn !== undefined && list.some(wroteRole);
  // What IAM does not show within two minutes counts as real: `nextLook` says when they are over.
  const changedBefore =
    pass.record.executionRoleArn !== undefined && pass.before?.waiting?.for === 'consistency';
  const clients = ({ kind, account }: Seen, wanted: unknown) =>
    clientsFor(pass, deps, {
      policy: writingPolicy(kind, kind.resources(wanted, account, pass.place.outputs)),
      writes: true,
      patient: roleWasChanged(),
    });
  for (const one of seen) {
    const outcome =
      (unaddressed?.kind === one.kind ? unaddressed : undefined) ??
      tooEarly(one, pass) ??
      (await keepKind(one, pass.place, { may, clients }));
    if (isShutOut(outcome)) deps.access.evict(pass.record.accountId);
    list.push(roleWasChanged() || changedBefore ? settling(outcome) : outcome);
  }
  if (list.some(wroteRole)) deps.access.evict(pass.record.accountId);
  return { list, ...(hold && { hold }) };
}

/** After a create that nobody answered, nothing of that kind is created until what it may have made must show. */
function tooEarly({ kind }: Seen, pass: Pass): KindOutcome | undefined {
  const old = pass.before?.conditions.find(({ type }) => type === kind.condition);
  if (old?.reason !== UNANSWERED) return undefined;
  const waited = (Date.now() - Date.parse(pass.before?.lastPass?.finishedAt ?? '')) / 1000;
  if (!(waited < UNANSWERED_SECONDS)) return undefined;
  const error = new NotYetConsistent(old.message, {
    reason: UNANSWERED,
    retryAfterSeconds: UNANSWERED_SECONDS,
  });
  return { kind, differences: [], unowned: [], state: { is: 'failed', error } };
}

/** A denial just after the role in use was changed: IAM may not show the change everywhere yet. */
function settling(outcome: KindOutcome): KindOutcome {
  const { state } = outcome;
  if (state.is !== 'failed' || !(state.error instanceof AccessDenied)) return outcome;
  return { ...outcome, state: { is: 'failed', error: notYet(state.error) } };
}

function notObserved(kind: AnyKind): Finding {
  const message = 'The account could not be entered, so this was not looked at.';
  return { type: kind.condition, status: 'Unknown', reason: 'NotObserved', message };
}
