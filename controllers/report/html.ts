import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Eta } from 'eta/core';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { whoAndWhy } from '../../shared/domain/cause.ts';
import { inHtml, visible } from '../../shared/domain/escape.ts';
import { pauseInWords } from '../../shared/domain/pause.ts';
import { starterOf } from '../../shared/domain/rollout-summary.ts';
import { countDifferences, type PassRecord } from '../../shared/domain/status.ts';
import { brakeOf, resultCells, SWEEP_RESULTS, sweptOf } from '../../shared/domain/sweep-view.ts';
import { counted, listed, time } from '../../shared/domain/words.ts';
import { drawChart } from './chart.ts';
import type { FleetReport } from './model.ts';

/** The most bytes of the page. */
export const MOST_BYTES = 5_000_000;
/** Differences of a run that the page holds; fewer if it would become too large. */
const DIFFERENCES = [20, 5, 1, 0] as const;
const MOST_RUNS = 5_000;
const MOST_ROWS = 50;
const VALUE_CHARACTERS = 200;
/** Account ids of a reason that are named. */
const NAMED = 8;

/**
 * The report as one page that loads nothing: style, script and data are in it, and its policy refuses everything else. Text from
 * outside is escaped; the data is packed, and the script shows it as text. Pure, but for reading the page's parts.
 */
export function reportHtml(report: FleetReport): string {
  let html = '';
  for (const most of DIFFERENCES) {
    html = page(report, most);
    if (Buffer.byteLength(html) <= MOST_BYTES) break;
  }
  return html;
}

/** The parts lie beside this file, in the package of the command line beside its chunks. */
function part(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

function page(report: FleetReport, most: number): string {
  const css = part('./page.css');
  const script = part('./page.js');
  const source = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = [
    "default-src 'none'",
    `style-src ${source(css)}`,
    `script-src ${source(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const eta = new Eta({ autoTrim: false, cache: false, escapeFunction: (value) => inHtml(String(value)) });
  return eta.renderString(part('./page.eta'), {
    ...view(report, most),
    ...{ policy, css, script, data: packed(report, most) },
  });
}

/** The accounts and the runs for the page's script: gzipped, and nothing in it can be markup. */
function packed({ accounts, runs }: FleetReport, most: number): string {
  const data = {
    accounts: accounts.map((account) => ({ ...account, ...shortened(account, most) })),
    runs: runs.slice(0, MOST_RUNS).map(({ cause, ...run }) => ({
      ...run,
      ...shortened(run, most),
      cause: [cause.detailType, whoAndWhy(cause)].filter(Boolean).join(', '),
    })),
  };
  const text = JSON.stringify(data, (_, value) => (typeof value === 'string' ? visible(value) : value));
  return gzipSync(text).toString('base64');
}

function shortened(found: Pick<PassRecord, 'differences' | 'differencesOmitted'>, most: number) {
  const { differences } = found;
  const shown = differences.slice(0, most).map(({ desired, actual, ...difference }) => ({
    ...difference,
    ...(desired !== undefined && { desired: short(desired) }),
    ...(actual !== undefined && { actual: short(actual) }),
  }));
  return { differences: shown, left: countDifferences(found) - shown.length };
}

function short(value: unknown): string {
  const characters = [...(JSON.stringify(value) ?? '')];
  return characters.length <= VALUE_CHARACTERS
    ? characters.join('')
    : `${characters.slice(0, VALUE_CHARACTERS).join('')}…`;
}

/** What the template shows. */
function view(report: FleetReport, most: number) {
  const { counts, reasons, baselines, runs, sweeps, rollouts, exceptions, rejected, unreadable } = report;
  const share = (of: number) => Math.round((of / Math.max(1, counts.managed)) * 100);
  return {
    ...{ counts, managed: counts.managed },
    fleetPause: report.fleetPause && pauseInWords(report.fleetPause),
    ...{ madeAt: time(report.madeAt), madeAtIso: report.madeAt },
    ...{ since: time(report.since), sinceIso: report.since },
    figures: [
      { label: 'accounts', count: counts.accounts, tone: '' },
      { label: 'managed', count: counts.managed, tone: '' },
      { label: 'ready', count: counts.ready, tone: 'good' },
      { label: 'not ready', count: counts.notReady, tone: counts.notReady > 0 ? 'bad' : '' },
      { label: 'corrected', count: counts.corrected, tone: '' },
      { label: 'drifted, left', count: counts.drifted, tone: counts.drifted > 0 ? 'warn' : '' },
    ],
    states: Object.entries(counts.states).map(([state, count]) => ({ state, count })),
    reasons: reasons.map(({ reason, accountIds, messages }) => ({
      ...{ reason, messages, link: inLink(reason), count: accountIds.length },
      ids: listed(accountIds, NAMED),
    })),
    chart: drawChart(report.chart),
    baselines: baselines.map(({ accounts, ready, isNewest, ...baseline }) => ({
      ...{ baseline: formatBaseline(baseline), link: inLink(formatBaseline(baseline)) },
      ...{ accounts, ready, isNewest, share: share(accounts) },
    })),
    runsSentence: runsSentence(runs.length, most),
    sweepResults: SWEEP_RESULTS.map((result) => `${result.charAt(0).toUpperCase()}${result.slice(1)}`),
    sweeps: sweeps.slice(0, MOST_ROWS).map((sweep) => ({
      ...{ sweepId: sweep.sweepId, accounts: sweep.accounts, stopped: sweep.stopped },
      ...{ startedAt: time(sweep.startedAt), of: sweptOf(sweep), brake: brakeOf(sweep) },
      results: resultCells(sweep),
    })),
    rollouts: rollouts.slice(0, MOST_ROWS).map((one) => ({
      ...{ id: one.rolloutId, startedAt: time(one.startedAt), message: one.message ?? '' },
      by: starterOf(one),
      way: `${formatBaseline(one.from)} to ${formatBaseline(one.to)}`,
      state: one.wave === undefined ? one.state : `${one.state}, wave ${one.wave} of ${one.waves.length}`,
      isHalted: one.state === 'halted',
    })),
    exceptions: exceptions
      .slice(0, MOST_ROWS)
      .map(({ accountId, path, until, leaves, because, requestedBy }) => ({
        ...{ accountId, path, until: time(until), because, leaves: leaves.length, by: requestedBy ?? '–' },
        link: inLink(accountId),
      })),
    exceptionsLeft: Math.max(0, exceptions.length - MOST_ROWS),
    unreadable: unreadable.slice(0, MOST_ROWS),
    unreadableSentence: `${counted(unreadable.length, 'item')} of the table cannot be read, and this page lacks what they say.`,
    rejected: rejected.slice(0, MOST_ROWS).map(({ rejectedAt, reason, message, cause, sentBy = '–' }) => ({
      ...{ at: time(rejectedAt), what: cause?.detailType ?? '–', sentBy, reason, message },
    })),
  };
}

/** A text in a link, as the page's data holds it. */
function inLink(text: string): string {
  return encodeURIComponent(visible(text));
}

function runsSentence(runs: number, most: number): string {
  const all = `${counted(runs, 'run')} changed or found something.`;
  const left = runs > MOST_RUNS ? ` The newest ${MOST_RUNS} are below; --format json has all.` : '';
  const few = `At most ${counted(most, 'difference')} of each are shown, so that the page stays small.`;
  const who = "Who had changed a resource stands in CloudTrail of its account, under the resource's name.";
  return [all + left, ...(most < DIFFERENCES[0] ? [few] : []), who].join(' ');
}
