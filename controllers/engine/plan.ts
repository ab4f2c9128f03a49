import type { Access } from '../../shared/aws/access.ts';
import { memberClients } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import type { PlanDocument } from '../../shared/domain/plan.ts';
import type { AccountStatus, Leftover } from '../../shared/domain/status.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { blockedBy } from './blocked-by.ts';
import { compareKind } from './compare-kind.ts';
import { errorFinding } from './conditions.ts';
import { keptKinds, regionOf } from './desired.ts';
import { isShutOut, type KindOutcome } from './kind-outcome.ts';
import { notInBaseline, setLeftoversApart } from './leftovers.ts';
import { observeKinds } from './observe-kinds.ts';
import { holdingBack } from './put-back.ts';
import { openAll, readingSessions } from './session-policy.ts';

/** The account to plan for, and the baseline to plan by. */
export interface PlanRequest {
  /** Names the session, so that CloudTrail in the account says for which plan it was read. */
  readonly planId: string;
  readonly record: AccountRecord;
  /** For the ids of what was made before; absent for an account that no pass has seen. */
  readonly status: AccountStatus | undefined;
  readonly baseline: BaselineDocument;
}

/** What planning works with: nothing that could save. */
export interface PlanDeps {
  readonly config: Config;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
}

/**
 * What a pass would change now, a kind at a time, changing nothing: the same observing and comparing as a pass, in a
 * session that may only read. Differences carry the action that a pass would take. Outputs that only a pass would
 * make stand as their `${…}`.
 * @throws AccessDenied, InvalidDesiredState …
 */
export async function planAccount(request: PlanRequest, deps: PlanDeps): Promise<KindOutcome[]> {
  const { planId, record, status, baseline } = request;
  const kept = keptKinds(baseline, deps.kinds);
  const name = `plan-${planId}`;
  const sessions = readingSessions(kept.map(({ kind }) => kind));
  const credentials = await openAll(sessions, (policy) => deps.access.enter(record, { name, policy }));
  const region = regionOf(record, deps.config);
  const place = { record, config: deps.config, outputs: { ...status?.outputs } };
  const stands = { home: status?.home, leftovers: status?.leftovers ?? [] };
  setLeftoversApart({ record, before: status, place, stands }, deps, kept);
  const seen = await observeKinds(kept, place, memberClients({ credentials, region }));
  const assigned =
    record.baseline !== undefined && formatBaseline(record.baseline) === formatBaseline(baseline);
  const outcomes = seen.map((each): KindOutcome => {
    // What a pass holds back of the account's baseline may be written by another.
    const one = assigned ? holdingBack(each, { record, before: status }) : each;
    const compared = compareKind(one, place);
    if (!('comparison' in compared)) return compared;
    const { differences, blocked, unowned } = compared.comparison;
    const all = [...differences, ...blocked.map(({ difference }) => difference)];
    const inTheWay = blockedBy(blocked);
    const state: KindOutcome['state'] = inTheWay
      ? { is: 'blocked', ...inTheWay }
      : { is: differences.length > 0 ? 'held' : 'inDesiredState' };
    return { kind: one.kind, differences: all, unowned, state };
  });
  // The session may be one that was opened before its role was changed: the next pass is not to meet it.
  if (outcomes.some(isShutOut)) deps.access.evict(record.accountId);
  return [...outcomes, ...stands.leftovers.flatMap((leftover) => left(leftover, deps))];
}

/** What a pass by this baseline would leave where it stands. */
function left(leftover: Leftover, { kinds }: PlanDeps): KindOutcome[] {
  return kinds
    .filter(({ name }) => name === leftover.kind)
    .map((kind): KindOutcome => {
      const { region, reason, message } = notInBaseline({ kind, leftover });
      const state = { is: 'blocked', reason, message } as const;
      return { kind, ...(region && { region }), differences: [], unowned: [], state };
    });
}

/** A plan as it is told. Pure. */
export function planDocument(
  accountId: string,
  baseline: PlanDocument['baseline'],
  outcomes: readonly KindOutcome[],
): PlanDocument {
  return {
    accountId,
    baseline,
    differences: outcomes.flatMap(({ differences, unowned }) => [...differences, ...unowned]),
    obstacles: outcomes.flatMap(obstacle),
  };
}

function obstacle({ kind, state }: KindOutcome): PlanDocument['obstacles'] {
  switch (state.is) {
    case 'inDesiredState':
    case 'held':
    case 'removed':
      return [];
    case 'blocked':
      return [{ kind: kind.name, state: 'blocked', message: state.message }];
    case 'pending':
      return [{ kind: kind.name, state: 'settling', message: state.message }];
    case 'failed':
      return [
        { kind: kind.name, state: state.is, message: errorFinding(kind.condition, state.error).message },
      ];
  }
}
