import type { FleetReport } from '../controllers/report/model.ts';
import { formatBaseline } from '../shared/domain/baseline.ts';
import { pauseInWords } from '../shared/domain/pause.ts';
import { starterOf } from '../shared/domain/rollout-summary.ts';
import { counted, listed, time } from '../shared/domain/words.ts';
import { firstLines, inMarkdown, MOST_MARKDOWN } from './markdown.ts';

/** Room for the sentence that says what is left out. */
const LEFT_OUT = 200;
const NAMED = 5;

/** The report for a chat, an issue or a comment: cut after a line at `MOST_MARKDOWN` characters, saying how much is left out. Pure. */
export function reportMarkdown(report: FleetReport): string {
  const { counts, reasons, baselines, runs, sweeps, rollouts, exceptions, rejected, unreadable } = report;
  const lines = [
    `### Orgkeeper: ${counts.ready} of ${counted(counts.managed, 'managed account')} ready`,
    '',
    `${time(report.madeAt)}, since ${time(report.since)}: ${counted(counts.notReady, 'account')} not ready, ` +
      `${counts.corrected} corrected, ${counts.drifted} drifted and left; ${counted(sweeps.length, 'sweep')}, ` +
      `${counted(rejected.length, 'rejected request')}.` +
      (report.fleetPause ? ` **The fleet is paused**: ${inMarkdown(pauseInWords(report.fleetPause))}.` : ''),
    ...section(
      'Cannot be read',
      ['Item', 'What is wrong'],
      unreadable.map(({ item, message }) => [item, message]),
    ),
    ...section(
      'Not ready',
      ['Reason', 'Accounts', 'What is wrong'],
      reasons.map(({ reason, accountIds, messages: [message = ''] }) => [
        reason,
        `${accountIds.length}: ${listed(accountIds, NAMED)}`,
        message,
      ]),
    ),
    ...section(
      'Baselines',
      ['Baseline', 'Accounts', 'Ready'],
      baselines.map(({ accounts, ready, ...baseline }) => [
        formatBaseline(baseline),
        String(accounts),
        String(ready),
      ]),
    ),
    ...section(
      'Roll-outs',
      ['Roll-out', 'From, to', 'State', 'Started by'],
      rollouts.map(({ rolloutId, from, to, state, message = '', orders }) => [
        rolloutId,
        `${formatBaseline(from)} to ${formatBaseline(to)}`,
        message ? `${state}: ${message}` : state,
        starterOf({ orders }),
      ]),
    ),
    ...section(
      'Exceptions',
      ['Until', 'Account', 'What', 'Because'],
      exceptions.map(({ accountId, path, until, because }) => [time(until), accountId, path, because]),
    ),
    ...section(
      'Found and corrected',
      ['When', 'Account', 'Result', 'What'],
      runs.map(({ at, accountId, name, result, differences }) => [
        time(at),
        `${accountId} ${name}`,
        result,
        [...new Set(differences.map(({ kind, action }) => `${kind} ${action}`))].join(', '),
      ]),
    ),
    ...section(
      'Rejected requests',
      ['When', 'Request', 'Why'],
      rejected.map(({ rejectedAt, cause, reason, message }) => [
        time(rejectedAt),
        cause?.detailType ?? '–',
        `${reason}: ${message}`,
      ]),
    ),
  ];
  if (lines.join('\n').length < MOST_MARKDOWN) return `${lines.join('\n')}\n`;
  const shown = firstLines(lines, MOST_MARKDOWN - LEFT_OUT);
  const left = counted(lines.length - shown.length, 'line');
  return `${shown.join('\n')}\n\n_${left} left out: a comment has no more room. \`--format html\` shows all._\n`;
}

/** A heading and a table; nothing if it has no rows. */
function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    ...['', `#### ${title}`, ''],
    row(head),
    row(head.map(() => '---')),
    ...rows.map((cells) => row(cells.map(inMarkdown))),
  ];
}
