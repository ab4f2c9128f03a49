import type { Examined } from './examined.ts';

/** What a check found: all well; something to mend, and how; or why it could not look. */
export type Finding =
  | { readonly is: 'ok'; readonly message: string }
  | { readonly is: 'failed'; readonly message: string; readonly remedy: string }
  | { readonly is: 'skipped'; readonly message: string };

/** One thing that a deployment needs. Looking changes nothing. */
export interface Check {
  /** For scripts: it stays. */
  readonly name: string;
  /** May throw `Unseen` for what cannot be looked at; any other error counts as failed. */
  look(examined: Examined): Promise<Finding>;
}

/** All is well; `message` says what was seen. */
export function ok(message: string): Finding {
  return { is: 'ok', message };
}

/** Something is amiss; `remedy` says what to do about it. */
export function failed(message: string, remedy: string): Finding {
  return { is: 'failed', message, remedy };
}

/** Failed with the first of the findings that did, saying how many more there are; else ok. */
export function together(findings: readonly (Finding | undefined)[], well: string): Finding {
  const [first, ...more] = findings.filter((finding) => finding?.is === 'failed');
  if (first?.is !== 'failed') return ok(well);
  return more.length === 0 ? first : failed(`${first.message} And ${more.length} more.`, first.remedy);
}

/** What to do about something in Main that is not as its stack made it. */
export const PUT_BACK_MAIN = 'Put it back as deployed: `npm run deploy:main -- --revert-drift`.';

/** The same, in the management account. */
export const PUT_BACK_MANAGEMENT =
  'Put it back as deployed, with credentials of the management account: `npm run deploy:management -- --revert-drift`.';

/** Undefined for an error by which AWS says that there is no such thing; other errors are thrown. */
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
