import type { Examined } from './examined.ts';

/** The result of a check: ok; failed, with a remedy; or skipped, with the reason. */
export type CheckResult =
  | { readonly is: 'ok'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string; readonly remedy: string }
  | { readonly is: 'skipped'; readonly message: string };

/** One requirement of a deployment. A check changes nothing. */
export interface DoctorCheck {
  /** Public: scripts use it. */
  readonly name: string;
  /** May throw `Unseen` if it cannot check; any other error counts as failed. */
  look(examined: Examined): Promise<CheckResult>;
}

/** The check passed; `message` says what was found. */
export function ok(message: string): CheckResult {
  return { is: 'ok', message };
}

/** The check failed; `remedy` says what to do. */
export function failed(message: string, remedy: string): CheckResult {
  return { is: 'failed', message, remedy };
}

/** The first failed finding, with the number of others; ok if none failed. */
export function combined(findings: readonly (CheckResult | undefined)[], well: string): CheckResult {
  const [first, ...more] = findings.filter((finding) => finding?.is === 'failed');
  if (first?.is !== 'failed') return ok(well);
  return more.length === 0 ? first : failed(`${first.message} And ${more.length} more.`, first.remedy);
}

/** The remedy for a resource in Main that differs from its stack. */
export const PUT_BACK_MAIN = 'Put it back as deployed: `npm run deploy:main -- --revert-drift`.';

/** The remedy for a resource in the management account that differs from its stack. */
export const PUT_BACK_MANAGEMENT =
  'Put it back as deployed, with credentials of the management account: `npm run deploy:management -- --revert-drift`.';

/** Undefined if AWS answers that the resource does not exist; throws other errors. */
export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Error && MISSING.test(error.name)) return undefined;
    throw error;
  }
}

const MISSING =
  /^(ResourceNotFound|NoSuchEntity|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)/;
