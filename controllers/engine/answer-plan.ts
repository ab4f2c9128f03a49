import type { AccountRecord } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { ControllerError, InvalidDesiredState } from '../../shared/domain/errors.ts';
import { PLAN_SECONDS, type PlanAnswer, type PlanBy, whyNoPlan } from '../../shared/domain/plan.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { getPlanAnswer, getPlanText, putPlanAnswer } from '../../shared/store/plans.ts';
import { parseBaseline } from '../kinds/baseline.ts';
import { errorFinding } from './conditions.ts';
import type { PassDeps } from './pass-types.ts';
import { planAccount, planDocument } from './plan.ts';

/** A work message that asks for a plan. */
export interface PlanWork {
  readonly message: WorkMessage & { readonly plan: PlanBy };
  readonly now: Date;
  /** A failure that may pass is then the answer, too. */
  readonly lastTry: boolean;
}

/** What became of it; `retry`: a failure that may pass, and nobody is answered yet. */
export type PlanOutcome =
  | { readonly did: 'answered'; readonly answer: PlanAnswer }
  | { readonly did: 'skipped'; readonly why: string }
  | { readonly did: 'failed'; readonly retry: unknown };

/**
 * Makes a plan for whoever asked, and leaves the answer in the table. The account is only read; no lease is taken and no
 * status saved, so that passes of the account neither wait for it nor see it.
 * @throws whatever kept it from reading or writing the table
 */
export async function answerPlan({ message, now, lastTry }: PlanWork, deps: PassDeps): Promise<PlanOutcome> {
  const { table } = deps.main;
  const planId = message.cause.id;
  if (now.getTime() - Date.parse(message.requestedAt) > PLAN_SECONDS * 1000)
    return { did: 'skipped', why: 'whoever asked for the plan waits no more' };
  if (await getPlanAnswer(table, planId, now)) return { did: 'skipped', why: 'the plan is answered' };
  let answer: PlanAnswer;
  try {
    answer = await planned(message, now, deps);
  } catch (error) {
    if (!lastTry && mayPass(error)) return { did: 'failed', retry: error };
    answer = { is: 'failed', message: errorFinding('Plan', error).message };
  }
  await putPlanAnswer(table, planId, answer, now);
  return { did: 'answered', answer };
}

async function planned(
  { accountId, plan, cause }: PlanWork['message'],
  now: Date,
  deps: PassDeps,
): Promise<PlanAnswer> {
  const { record, status } = await loadAccount(deps.main.table, accountId);
  if (!record) return { is: 'failed', message: `Account ${accountId} is no longer registered.` };
  const why = whyNoPlan(record, plan);
  if (why) return { is: 'failed', message: why };
  const baseline = plan === 'file' ? await ofFile(cause.id, now, deps) : await assigned(record, deps);
  const outcomes = await planAccount({ planId: cause.id, record, status, baseline }, deps);
  const { name, version } = baseline;
  const document = planDocument(accountId, plan === 'file' ? { name } : { name, version }, outcomes);
  return { is: 'planned', document, foreign: outcomes.flatMap(({ unowned }) => unowned).length };
}

/** The baseline whose text came with the request. @throws InvalidDesiredState */
async function ofFile(planId: string, now: Date, { main, kinds }: PassDeps): Promise<BaselineDocument> {
  const text = await getPlanText(main.table, planId, now);
  if (text === undefined)
    throw new InvalidDesiredState('The text of the baseline is no longer kept: plan again.');
  const parsed = parseBaseline(text, kinds);
  if ('baseline' in parsed)
    return { ...parsed.baseline, schemaVersion: 1, version: 0, text, publishedAt: '' };
  const problems = parsed.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new InvalidDesiredState(`The file is no valid baseline: ${problems.join('; ')}.`, parsed.problems);
}

/** The baseline of the account. @throws InvalidDesiredState */
async function assigned(
  { accountId, baseline }: AccountRecord,
  { loadBaseline }: PassDeps,
): Promise<BaselineDocument> {
  const found = baseline && (await loadBaseline(baseline));
  if (found) return found;
  const name = baseline ? formatBaseline(baseline) : 'none';
  throw new InvalidDesiredState(
    `Account ${accountId} is on ${name}, which was never published: assign another, or name a file with --baseline.`,
  );
}

function mayPass(error: unknown): boolean {
  return error instanceof ControllerError && error.retry === 'again';
}
