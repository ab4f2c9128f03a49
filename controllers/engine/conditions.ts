import {
  AccountNotReady,
  ControllerError,
  NotYetConsistent,
  UnreadableItem,
} from '../../shared/domain/errors.ts';
import type { Condition } from '../../shared/domain/status.ts';
import type { KindOutcome } from './kind-outcome.ts';
import type { Verdict } from './verify.ts';

/** A condition before it is known when it last changed. */
export type Finding = Omit<Condition, 'changedAt'>;

/** Why differences were left as they are; where it cannot be read whether to write, the item that would say. */
export type Hold = 'Observed' | 'Paused' | 'SweepStopped' | UnreadableItem;

const HELD: Readonly<Record<Exclude<Hold, UnreadableItem>, string>> = {
  Observed: 'the account is observed only; register it again with mode enforce to have them mended',
  Paused: 'writing is paused; `orgkeeper resume` lets it go on',
  SweepStopped:
    'the sweep stopped writing because too many accounts differ; look at this one, and when it is right sweep again',
};

/** What a kind's outcome says about it, with what should be known of it whatever the state. Pure. */
export function kindFinding(outcome: KindOutcome, hold: Hold | undefined, late = false): Finding {
  const { region } = outcome;
  const finding = { ...stateFinding(outcome, hold, late), ...(region && { region }) };
  if (!outcome.warnings?.length) return finding;
  return { ...finding, message: `${finding.message} Warning: ${outcome.warnings.join('; ')}.` };
}

function stateFinding(outcome: KindOutcome, hold: Hold | undefined, late: boolean): Finding {
  const { kind, state } = outcome;
  const type = kind.condition;
  switch (state.is) {
    case 'inDesiredState':
      return {
        type,
        status: 'True',
        reason: 'InDesiredState',
        message: state.note ?? 'Everything is as the baseline says.',
      };
    case 'held': {
      const count = outcome.differences.length;
      const { why, reason } = because(hold ?? 'Observed');
      const what = `${count} ${count === 1 ? 'difference is' : 'differences are'} left as found`;
      const message = `${count === 0 ? 'Nothing is removed' : what}: ${why}.`;
      return { type, status: 'False', reason, message };
    }
    case 'blocked':
      return { type, status: 'False', reason: state.reason, message: state.message };
    case 'pending':
      return { type, status: 'False', reason: 'Settling', message: state.message };
    case 'removed':
      return { type, status: 'False', reason: state.reason, message: state.message };
    case 'failed':
      return errorFinding(type, state.error, late);
  }
}

function because(hold: Hold): { reason: string; why: string } {
  if (!(hold instanceof UnreadableItem))
    return { reason: hold === 'Observed' ? 'Drifted' : hold, why: HELD[hold] };
  const why = `writing counts as paused. ${hold.message} ${hold.remedy}`;
  return { reason: 'Paused', why: why.replace(/\.$/, '') };
}

/**
 * What an error says about a condition: False when it stands in the way, Unknown when it will pass. Pure.
 * @param late what should pass has had its time
 */
export function errorFinding(type: string, error: unknown, late = false): Finding {
  if (!(error instanceof ControllerError)) {
    return { type, status: 'Unknown', reason: 'Unexpected', message: `Unexpected: ${messageOf(error)}` };
  }
  const passing = error.retry === 'again' || (error instanceof NotYetConsistent && !late);
  const status = passing ? 'Unknown' : 'False';
  return { type, status, reason: error.reason, message: sentence(error.message, error.remedy) };
}

/** What trying the role says. Pure. */
export function accessFinding(verdict: Verdict): Finding {
  const type = 'Access';
  if (verdict.ok) {
    const message = 'Assumable by the runner with the ExternalId; refused without it and with a wrong one.';
    return { type, status: 'True', reason: 'Verified', message };
  }
  return { type, status: 'False', reason: verdict.reason, message: verdict.message };
}

/** Findings as conditions: the time of change is kept while status and reason stay. Pure. */
export function toConditions(
  findings: readonly Finding[],
  before: readonly Condition[],
  now: string,
): Condition[] {
  return findings.map((finding) => {
    const old = before.find(({ type, region }) => type === finding.type && region === finding.region);
    const same = old?.status === finding.status && old.reason === finding.reason;
    return { ...finding, changedAt: same ? old.changedAt : now };
  });
}

/** True for a failure that time alone mends: the account is waiting, not broken. */
export function isWaiting(error: unknown): boolean {
  return error instanceof AccountNotReady || error instanceof NotYetConsistent;
}

function sentence(message: string, remedy: string | undefined): string {
  return remedy ? `${message.replace(/\.?$/, '.')} ${remedy}` : message;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
