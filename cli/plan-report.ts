import { cell as oneLine } from '../shared/domain/escape.ts';
import type { PlanDocument } from '../shared/domain/plan.ts';
import { counted, listed } from '../shared/domain/words.ts';
import { blockDiff, type DiffLine, diffText, totals } from './block-diff.ts';
import { firstLines, inMarkdown, MOST_MARKDOWN } from './markdown.ts';

/** The plan of one account, or why there is none. */
export interface AccountPlan {
  readonly accountId: string;
  readonly name: string;
  /** How many of the differences are unowned resources, which are left alone; absent without a plan. */
  readonly foreign?: number;
  readonly document?: PlanDocument;
  /** One sentence; present without a plan. */
  readonly failure?: string;
}

/** Accounts for which a run would do the same. */
export interface PlanGroup {
  readonly accounts: readonly AccountPlan[];
  /** Empty if a run would change nothing. */
  readonly lines: readonly DiffLine[];
}

/** True if a run would write something, or could not: unowned resources and what is excepted do not count. Pure. */
export function differs({ document, foreign = 0 }: AccountPlan): boolean {
  return !!document && (toCorrect(document, foreign) > 0 || document.obstacles.length > 0);
}

/** How many differences a run would correct, or could not. Pure. @param foreign number of those that are unowned resources */
export function toCorrect({ differences }: Pick<PlanDocument, 'differences'>, foreign: number): number {
  return differences.filter(({ exceptedUntil }) => exceptedUntil === undefined).length - foreign;
}

/** True if the plan is missing, or lacks a unit that could not be compared. Pure. */
export function isIncomplete({ document }: AccountPlan): boolean {
  return document?.obstacles.some(({ state }) => state === 'failed') ?? true;
}

/** The lines of a plan: its differences by resource, then what is in the way. Pure. */
export function planLines({ differences, obstacles }: PlanDocument): DiffLine[] {
  return [
    ...blockDiff(differences),
    ...obstacles.flatMap(({ kind, region, state, message }): DiffLine[] => [
      { sign: '!', depth: 0, text: `${kind}${region === undefined ? '' : ` (${region})`}: ${state}` },
      { sign: '!', depth: 1, text: message },
    ]),
  ];
}

/**
 * Accounts by what a run would do, the largest group first: equal texts count as the same where they differ only by the account's
 * own id, name and email. Accounts without a plan are left out. Pure.
 */
export function groupPlans(plans: readonly AccountPlan[], emails: ReadonlyMap<string, string>): PlanGroup[] {
  const groups = new Map<string, { accounts: AccountPlan[]; lines: DiffLine[] }>();
  for (const plan of plans) {
    if (!plan.document) continue;
    const lines = planLines(plan.document);
    const key = lines.map((line) => impersonal(diffText(line), plan, emails.get(plan.accountId))).join('\n');
    const group = groups.get(key);
    if (group) group.accounts.push(plan);
    else groups.set(key, { accounts: [plan], lines });
  }
  return [...groups.values()].toSorted((a, b) => b.accounts.length - a.accounts.length);
}

function impersonal(text: string, { accountId, name }: AccountPlan, email = ''): string {
  const personal = [
    [email, '${account.email}'],
    [accountId, '${account.id}'],
    [name, '${account.name}'],
  ] as const;
  return personal.reduce((rest, [own, as]) => (own === '' ? rest : rest.replaceAll(own, as)), text);
}

/** `111111111111 genomics, 222222222222 proteomics and 3 more`. Pure. */
export function namedAccounts(accounts: readonly AccountPlan[], most = 3): string {
  return listed(
    accounts.map(({ accountId, name }) => `${accountId} ${name}`),
    most,
  );
}

/** The totals of a plan in one line; empty if a run would change nothing and leave nothing. Pure. */
export function totalsInWords({ differences }: Pick<PlanDocument, 'differences'>): string {
  const count = totals(differences);
  const parts = [
    [count['+'], 'to create'],
    [count['~'], 'to update'],
    [count['-'], 'to remove'],
    [count['!'], 'left as it is'],
  ] as const;
  return parts.flatMap(([of, what]) => (of > 0 ? [`${of} ${what}`] : [])).join(', ');
}

/** Room for the sentence that says what is left out. */
const LEFT_OUT = 200;

/**
 * A plan as a comment on a pull request: a heading, the diff of each group in a block that GitHub colours, and the accounts without a
 * plan. Cut after a line at `MOST_MARKDOWN` characters; the last sentence then says how much is left out. Pure.
 */
export function planMarkdown(
  title: string,
  groups: readonly PlanGroup[],
  failed: readonly AccountPlan[],
): string {
  const failures = failed.map(
    ({ accountId, name, failure = '' }) => `- \`${accountId}\` ${inMarkdown(name)}: ${inMarkdown(failure)}`,
  );
  const lines = [
    `### ${inMarkdown(title)}`,
    ...groups.flatMap(markdownOf),
    ...(failures.length > 0
      ? ['', `**${counted(failures.length, 'account')} without a plan**`, '', ...failures]
      : []),
  ];
  const all = lines.join('\n');
  if (all.length <= MOST_MARKDOWN) return all;
  const shown = firstLines(lines, MOST_MARKDOWN - LEFT_OUT);
  const left = lines.slice(shown.length).filter((line) => line !== '' && !line.startsWith(FENCE));
  return [
    ...shown,
    ...(isFenceOpen(shown) ? [FENCE] : []),
    '',
    `_${counted(left.length, 'line')} left out: a comment has no more room. \`--format text\` shows all._`,
  ].join('\n');
}

/** Longer than any row of backticks that a value may hold. */
const FENCE = '``````````';

function markdownOf({ accounts, lines }: PlanGroup): string[] {
  const head = `**${counted(accounts.length, 'account')}**: ${inMarkdown(namedAccounts(accounts))}`;
  if (lines.length === 0) return ['', `${head}: nothing to change`];
  const shown = lines.map((line) => oneLine(diffText(line)).replaceAll(FENCE, '`'));
  return ['', head, '', `${FENCE}diff`, ...shown, FENCE];
}

function isFenceOpen(lines: readonly string[]): boolean {
  return lines.filter((line) => line.startsWith(FENCE)).length % 2 === 1;
}
