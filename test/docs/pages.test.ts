import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { completeProgram } from '../../cli/program.ts';
import { ADAPTATIONS } from '../../local/adapt-template.ts';
import { MOTO_RANGE } from '../../local/emulator.ts';
import { parseRequest } from '../../shared/domain/requests.ts';
import { blocksOf, codeOf, type Page, page, pages, proseOf, ROOT } from './pages.ts';

const all = pages().map((one) => [one.path, one] as const);
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);
/** Code of a page, in blocks and in lines. */
const codes = (of: Page) => [...codeOf(of), ...blocksOf(of).flatMap(({ text }) => text.split('\n'))];

describe.each(all)('%s', (path, of) => {
  it('has no broken link', () => {
    const links = [...proseOf(of).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => !/^https:\/\//.test(link) && !leadsSomewhere(path, link));
    expect(broken).toEqual([]);
  });

  it('names no file that does not exist', () => {
    const named = codeOf(of).filter((code) =>
      /^(infra|controllers|shared|cli|local|test|docs|\.ci)\/[\w./-]*$/.test(code),
    );
    const absent = named.filter((file) => !existsSync(join(ROOT, file)));
    expect(absent).toEqual([]);
  });

  it('has only blocks that can be parsed', () => {
    for (const { language, text } of blocksOf(of)) {
      if (language === 'json') expect(() => JSON.parse(text)).not.toThrow();
      if (language === 'yaml') expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
    }
  });

  it('names only npm scripts that exist', () => {
    const named = codes(of).flatMap((code) =>
      [...code.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)].map(
        ([, run, short]) => run ?? short,
      ),
    );
    expect(named.filter((script) => !scripts.includes(script ?? ''))).toEqual([]);
  });

  it('names only commands and options that exist', async () => {
    const root = await completeProgram();
    const said = codes(of).flatMap((code) =>
      [
        ...code.matchAll(/(?<![\w-] |[\w/.-])(?:orgkeeper|[\w/.]*\/cli\/bin\.mjs) ([a-z][a-z -]*[^`)|]*)/g),
      ].map(([, rest]) => rest ?? ''),
    );
    expect(said.flatMap((words) => unknownIn(root, words.trim().split(/\s+/)))).toEqual([]);
  });

  it('shows only calls of PutEvents that are valid requests', () => {
    const calls = codes(of).filter((code) => code.startsWith('aws events put-events'));
    for (const call of calls) {
      const entries = JSON.parse(/--entries '(.*)'$/.exec(call)?.[1] ?? '') as Record<string, string>[];
      for (const { EventBusName, Source, DetailType = '', Detail = '' } of entries) {
        expect([EventBusName, Source]).toEqual(['orgkeeper', 'orgkeeper.request']);
        expect(parseRequest(DetailType, JSON.parse(Detail))).toHaveProperty('request');
      }
    }
  });
});

describe('the pages together', () => {
  it('can all be found from the README', () => {
    const linked = all
      .flatMap(([path, of]) =>
        [...proseOf(of).matchAll(/\]\(([^)\s#]+)/g)].map(([, to]) => join(dirname(path), to ?? '')),
      )
      .filter((file) => file.endsWith('.md'));
    expect(
      all.map(([path]) => path).filter((path) => path !== 'README.md' && !linked.includes(path)),
    ).toEqual([]);
  });

  it('begin with a README of short sentences: none fills more than two lines', () => {
    const paragraphs = proseOf(page('README.md'))
      .split(/\n\s*\n|\n(?=- )/)
      .filter((text) => !/^\s*[|#]/.test(text))
      .map((text) =>
        text
          .replaceAll(/\]\([^)]*\)/g, ']')
          .replaceAll(/\s+/g, ' ')
          .trim(),
      );
    const sentences = paragraphs.flatMap((text) => text.split(/(?<=[.:!?]) (?=[A-Z[`*(])/));
    expect(sentences.length).toBeGreaterThan(40);
    expect(sentences.filter((sentence) => sentence.length > 2 * 120)).toEqual([]);
  });

  it('show in the README what a newcomer needs, in that order', () => {
    const headings = [...page('README.md').text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      'The path of an event',
      'Two commands',
      'First registration',
      'Deploying',
      'More',
    ]);
  });

  it('name the emulator versions that are tested', () => {
    expect(page('README.md').text).toContain(`\`${MOTO_RANGE}\``);
  });

  it('list every adaptation of the templates', () => {
    const record = page('docs/decisions/0009-differences-of-the-emulator.md').text;
    const list = /one listed entry each:\n((?:- .*\n(?: {2}.*\n)*)+)/.exec(record)?.[1] ?? '';
    expect(list.match(/^- /gm)).toHaveLength(ADAPTATIONS.length);
  });
});

/** A file or folder, with its heading where there is a `#`. */
function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, target))) return false;
  if (anchor === undefined) return true;
  const headings = [...proseOf(page(target)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? '');
  return headings.some((heading) => slug(heading) === anchor);
}

/** As GitHub makes anchors of headings. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** What a command line has that the program does not: a command, or an option of it. */
function unknownIn(root: Command, words: readonly string[]): string[] {
  let command = root;
  const rest = [...words];
  while (command.commands.length > 0) {
    const name = rest.shift();
    const next = command.commands.find((sub) => sub.name() === name);
    // Beside its own commands it has arguments, or options.
    const takes = command.registeredArguments.length > 0 || (command !== root && name?.startsWith('-'));
    if (!next && name !== undefined && takes) {
      rest.unshift(name);
      break;
    }
    if (!next) return name === undefined ? [] : [`orgkeeper ${words.join(' ')}`];
    command = next;
  }
  const known = command.options.map(({ long }) => long);
  return rest
    .flatMap((word) => /^-{2}[a-z][a-z-]+/.exec(word)?.[0] ?? [])
    .filter((option) => option !== '--help' && !known.includes(option))
    .map((option) => `${words.join(' ')}: ${option}`);
}
