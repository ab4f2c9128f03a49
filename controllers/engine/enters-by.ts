import type { AnyKind, Observation } from '../kinds/kind.ts';
import type { Run, RunDeps } from './model.ts';

/**
 * Kinds that work through the account's execution role with its ExternalId (facet `entersBy`) instead of the access role. An
 * account that is entered by its execution role anyway makes no difference.
 */

/** A role that no run has verified yet may be verified by this one; one that does not admit the runner needs somebody. */
const SOON_SECONDS = 5;
const LATER_SECONDS = 15 * 60;

/** True if units of the kind are entered otherwise than the account itself. Pure. */
export function entersByRole({ entersBy }: AnyKind, { record }: Pick<Run, 'record'>): boolean {
  return entersBy !== undefined && record.executionRoleArn === undefined;
}

/**
 * The run as a unit of this kind enters the account. A kind that enters by the execution role waits until the last run has verified
 * that the role admits the runner with the ExternalId, and nobody else. Pure.
 * @param run the run in the region of the unit
 */
export function enteringAs(
  kind: AnyKind,
  run: Run,
  { kinds }: Pick<RunDeps, 'kinds'>,
): Run | Extract<Observation<never>, { state: 'pending' }> {
  if (!entersByRole(kind, run)) return run;
  const { place, before } = run;
  const outputs = place.site?.outputsIn(place.site.home) ?? place.outputs;
  const arn = kinds.find(({ entryRole }) => entryRole)?.entryRole?.arnIn(outputs);
  const access = before?.conditions.find(({ type }) => type === 'Access');
  const isVerified = access?.status === 'True' && before?.admitted?.roleArn === arn;
  if (arn && isVerified) return { ...run, record: { ...run.record, executionRoleArn: arn } };
  const message = arn
    ? `Waits until ${arn} is verified: the condition Access says whether it admits the runner.`
    : 'Waits for the execution role of the account, by which it is managed.';
  return { state: 'pending', message, retryAfterSeconds: access ? LATER_SECONDS : SOON_SECONDS };
}
