import { expect } from '@jest/globals';
import fc from 'fast-check';
import { reportMarkdown } from '../../cli/report-markdown.ts';
import { reportHtml } from '../../controllers/report/html.ts';
import { makeReport } from '../../controllers/report/model.ts';
import { attribute, elementsOf } from '../kit/html.ts';
import { reportedFleet } from '../kit/reported-fleet.ts';
import { fuzz } from './fuzz.ts';

/** Texts that would be markup, a link or a row if they were not escaped. */
const MARKUP = [
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  '"><b onclick="x">',
  "' autofocus onfocus='x",
  '<!--',
  ']]>',
  '&lt;b&gt;&#60;',
  '<%= it.policy %>',
  '<%~ 1 %>',
  'javascript:alert(1)',
  'a | b\n| --- |\n### x',
  '[x](https://evil.example)',
  '@somebody #1',
  '=1+1',
  '\ud800',
  '\u202e\u2028',
];
const texts = fc.oneof(fc.constantFrom(...MARKUP), fc.string({ unit: 'binary', maxLength: 60 }));

/** The elements of a page with their attributes, whatever is said in them. */
function shape(html: string): string[] {
  return elementsOf(html).map(({ tagName, attrs }) => [tagName, ...attrs.map(({ name }) => name)].join(' '));
}

const HARMLESS = makeReport(reportedFleet(40, { everywhere: 'x' }));
const ITS_SHAPE = shape(reportHtml(HARMLESS));
const ITS_LINES = reportMarkdown(HARMLESS).split('\n').length;

fuzz({
  name: 'reports',
  inputs: texts,
  runs: 800,
  check(text) {
    const report = makeReport(reportedFleet(40, { everywhere: text }));
    const html = reportHtml(report);
    expect(shape(html)).toEqual(ITS_SHAPE);
    const links = elementsOf(html).flatMap((one) => attribute(one, 'href') ?? []);
    expect(links.filter((link) => !link.startsWith('#'))).toEqual([]);
    const lines = reportMarkdown(report).split('\n');
    expect(lines).toHaveLength(ITS_LINES);
    for (const line of lines) {
      expect(line).not.toMatch(/<|[^\P{Cc}]|[\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(line).not.toMatch(/\]\(/);
      if (line.startsWith('|')) expect(line.split('|').length).toBeLessThanOrEqual(6);
    }
  },
});
