import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AccountRecord } from '../shared/domain/account.ts';
import { check } from '../shared/domain/plain-words.ts';
import { PLAN_SECONDS, PlanDocument } from '../shared/domain/plan.ts';
import { cacheDirectory } from './credential-cache.ts';
import type { AccountPlan } from './plan-report.ts';

/** A line of the journal: the plan of one account. */
const Entry = z.strictObject({
  accountId: z.string(),
  /** Of the record that was planned. */
  generation: z.number(),
  baseline: z.string(),
  /** ISO 8601 UTC. */
  at: z.iso.datetime(),
  foreign: z.number(),
  document: PlanDocument,
});
type Entry = z.infer<typeof Entry>;

/** The plans of many accounts that are made so far, in a file that only the user can read, so that `--resume` can go on. */
export interface PlanJournal {
  /** The plan of the account, if it is less than an hour old and the account's desired state is the same. */
  known(record: AccountRecord): AccountPlan | undefined;
  /** Writes the plan down. One that is missing is not written: it is made again. */
  add(record: AccountRecord, plan: AccountPlan): Promise<void>;
  /** Deletes the journal: nothing is missing. */
  drop(): Promise<void>;
}

/**
 * Opens the journal of a plan. Without `resume`, an earlier one is deleted.
 * @param key names the deployment and the question; part of a file name
 */
export async function openPlanJournal(
  key: string,
  { resume, now }: { readonly resume: boolean; readonly now: () => Date },
): Promise<PlanJournal> {
  const directory = cacheDirectory('plans');
  const file = join(directory, `${key}.jsonl`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const entries = new Map(resume ? (await read(file)).map((entry) => [entry.accountId, entry]) : []);
  if (!resume) await writeFile(file, '', { mode: 0o600 });
  return {
    known({ accountId, name, generation, baseline }) {
      const entry = entries.get(accountId);
      if (!entry || entry.generation !== generation || entry.baseline !== JSON.stringify(baseline ?? null))
        return undefined;
      if (now().getTime() - Date.parse(entry.at) > PLAN_SECONDS * 1000) return undefined;
      return { accountId, name, document: entry.document, foreign: entry.foreign };
    },
    async add({ accountId, generation, baseline }, { document, foreign = 0 }) {
      if (!document) return;
      const at = now().toISOString();
      const entry: Entry = {
        accountId,
        generation,
        baseline: JSON.stringify(baseline ?? null),
        at,
        foreign,
        document,
      };
      await appendFile(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    },
    drop: () => rm(file, { force: true }),
  };
}

/** The entries of a journal; a line that was cut off when the command was killed is left out. */
async function read(file: string): Promise<Entry[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    const entry = check(Entry, parsed(line)).data;
    return entry ? [entry] : [];
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
