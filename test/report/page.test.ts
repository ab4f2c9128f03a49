import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { MOST_MARKDOWN } from '../../cli/markdown.ts';
import { reportMarkdown } from '../../cli/report-markdown.ts';
import { MOST_BYTES, reportHtml } from '../../controllers/report/html.ts';
import { type FleetReport, makeReport } from '../../controllers/report/model.ts';
import { attribute, type Element, elementsOf, named, textIn, textOf } from '../kit/html.ts';
import { reportedFleet } from '../kit/reported-fleet.ts';

/** What the page's script reads. */
function dataOf(elements: readonly Element[]): Pick<FleetReport, 'accounts' | 'runs'> {
  const packed = elements.find((one) => attribute(one, 'id') === 'data');
  return JSON.parse(gunzipSync(Buffer.from(packed ? textOf(packed) : '', 'base64')).toString());
}

/** Texts without a pattern, the same in each run: longer than what gzip looks back. */
const NOISE = Array.from({ length: 3_200 }, (_, at) =>
  createHash('sha384').update(String(at)).digest('base64'),
).join('');

describe('The page of a report', () => {
  const elements = elementsOf(reportHtml(makeReport(reportedFleet(100))));

  it('loads nothing and sends nothing: it links to itself only, and its policy allows its own style and script', () => {
    const loading = elements.flatMap(({ attrs }) =>
      attrs.filter(({ name }) => /^(src|srcset|href|action|data|poster|ping|style|on\w+)$/.test(name)),
    );
    expect(loading.length).toBeGreaterThan(5);
    expect(loading.filter(({ name, value }) => name !== 'href' || !value.startsWith('#'))).toEqual([]);
    expect(named(elements, 'link')).toEqual([]);
    const policy = elements.find((one) => attribute(one, 'http-equiv') === 'Content-Security-Policy');
    const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [style] = named(elements, 'style').map(textOf);
    const [, script] = named(elements, 'script').map(textOf);
    expect(policy && attribute(policy, 'content')).toBe(
      `default-src 'none'; style-src ${hashOf(style ?? '')}; script-src ${hashOf(script ?? '')}; base-uri 'none'; form-action 'none'`,
    );
    expect(style).not.toMatch(/url\(|@import/);
    expect(script).not.toMatch(
      /innerHTML|insertAdjacentHTML|outerHTML|document\.write|fetch\(|XMLHttp|import\(/,
    );
  });

  it('can be read by a screen reader: a language, headings in order, named tables and fields', () => {
    expect(named(elements, 'html').map((one) => attribute(one, 'lang'))).toEqual(['en']);
    const levels = elements.flatMap(({ tagName }) => /^h([1-6])$/.exec(tagName)?.[1] ?? []);
    expect(levels[0]).toBe('1');
    expect(levels.filter((level) => level === '1')).toHaveLength(1);
    const headings = named(elements, 'h2').map(textOf).filter(Boolean);
    expect(headings).toEqual([
      ...[
        'In short',
        'Cannot be read',
        'Not ready, and why',
        'Accounts with differences, by kind and day',
        'Baselines',
      ],
      ...[
        'What was found and corrected',
        'Roll-outs',
        'Exceptions',
        'Sweeps',
        'Rejected requests',
        'Accounts',
      ],
    ]);
    for (const heading of named(elements, 'th')) expect(attribute(heading, 'scope')).toMatch(/^(col|row)$/);
    const ids = new Set(elements.flatMap((one) => attribute(one, 'id') ?? []));
    const naming = elements.flatMap((one) => attribute(one, 'aria-labelledby') ?? []);
    expect(naming.length).toBeGreaterThan(6);
    expect(naming.filter((id) => !ids.has(id))).toEqual([]);
    for (const field of [...named(elements, 'input'), ...named(elements, 'select')])
      expect(field.parentNode && 'tagName' in field.parentNode && field.parentNode.tagName).toBe('label');
    expect(named(elements, 'svg').map((one) => attribute(one, 'role'))).toEqual(['img']);
  });

  it('says who is not ready and why, and holds every account and run', () => {
    const report = makeReport(reportedFleet(100));
    const text = textIn(reportHtml(report));
    for (const { reason, messages } of report.reasons)
      for (const said of [reason, ...messages]) expect(text).toContain(said);
    expect(text).toContain('Exceptions');
    expect(report.exceptions.length).toBeGreaterThan(0);
    for (const { path, because } of report.exceptions)
      for (const said of [path, because]) expect(text).toContain(said);
    const data = dataOf(elements);
    expect(data.accounts.map(({ accountId }) => accountId)).toEqual(
      report.accounts.map(({ accountId }) => accountId),
    );
    expect(data.runs).toHaveLength(report.runs.length);
  });

  it('shows of a sweep how its runs ended, under a heading for each result', () => {
    const html = reportHtml(makeReport(reportedFleet(100)));
    const rows = named(elementsOf(html), 'tr').map(({ childNodes }) => childNodes.map(textOf));
    const results = ['Unchanged', 'Corrected', 'Drifted', 'Waiting', 'Failed', 'Seconds'];
    expect(rows).toContainEqual(['Started', 'Sweep', 'Of', 'Accounts', ...results, 'Brake']);
    const ended = ['80', '7', '12', '0', '1', '600'];
    expect(rows).toContainEqual([
      '2026-11-20 02:00:00Z',
      'night-1',
      'DriftSweepRequested',
      '100',
      ...ended,
      'stopped at 12',
    ]);
  });

  it('of 10,000 accounts has less than 5 MB, although their texts pack badly', () => {
    const noise = (at: number) => NOISE.slice((at * 251) % 200_000, ((at * 251) % 200_000) + 240);
    const fleet = reportedFleet(10_000, { noise, differences: 10 });
    const html = reportHtml(makeReport(fleet));
    expect(Buffer.byteLength(html)).toBeLessThan(MOST_BYTES);
    expect(html).toMatch(/At most \d differences? of each are shown/);
    expect(dataOf(elementsOf(html)).accounts).toHaveLength(10_000);
  }, 60_000);

  it('of a fleet without accounts says so', () => {
    const empty = { ...reportedFleet(0), sweeps: [], rollouts: [], rejected: [], unreadable: [] };
    const text = textIn(reportHtml(makeReport(empty)));
    expect(text).toContain('Every managed account is ready.');
    expect(text).toContain('No account is managed.');
    expect(text).not.toContain('Cannot be read');
    expect(text).not.toContain('Exceptions');
  });
});

describe('A report on a fleet that is paused', () => {
  const fleet = { at: '2026-11-20T04:00:00.000Z', requestedBy: 'ana', until: '2026-11-20T07:00:00.000Z' };
  const why = 'since 2026-11-20T04:00:00.000Z, until 2026-11-20T07:00:00.000Z, by ana, because: <b>a test';
  const paused = (until: string) => {
    const pauses = { fleet: { ...fleet, until, reason: '<b>a test' } };
    return makeReport({ ...reportedFleet(1), control: { fleetPaused: true, pausedBaselines: [], pauses } });
  };

  it('says since when, until when, by whom and why', () => {
    const report = paused(fleet.until);
    expect(report).toMatchObject({ fleetPaused: true, fleetPause: fleet });
    expect(textIn(reportHtml(report))).toContain(
      `The fleet is paused, and nothing is corrected: ${why}. orgkeeper resume --fleet ends the pause.`,
    );
    expect(reportMarkdown(report)).toContain(
      ` **The fleet is paused**: ${why.replace('<b>', '&#60;b&#62;')}.`,
    );
  });

  it('does not once the pause is over', () => {
    const report = paused('2026-11-20T05:00:00.000Z');
    expect(report).toMatchObject({ fleetPaused: false });
    for (const text of [reportHtml(report), reportMarkdown(report)]) expect(text).not.toContain('is paused');
  });
});

describe('A report in Markdown', () => {
  it('is cut to what a comment may hold, and says so', () => {
    const text = reportMarkdown(makeReport({ ...reportedFleet(10_000), since: '2026-10-01T00:00:00.000Z' }));
    expect(text.length).toBeLessThanOrEqual(MOST_MARKDOWN);
    expect(text).toMatch(
      /\n_\d+ lines left out: a comment has no more room\. `--format html` shows all\._\n$/,
    );
  });
});
