import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code, and the heading that it stands under. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly heading: string;
}

export function page(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

/** The pages at the root, and everything in docs/. */
export function pages(): Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file));
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...inDocs.sort()].map(page);
}

/** The fenced blocks of a page in order, of one language if given. */
export function blocksOf({ text }: Page, language?: string): Block[] {
  const found: Block[] = [];
  let heading = '';
  let open: { language: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (open && fence) {
      found.push({ language: open.language, text: `${open.lines.join('\n')}\n`, heading });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (fence) open = { language: fence[1] ?? '', lines: [] };
    else heading = /^#+ (.*)$/.exec(line)?.[1]?.replaceAll('`', '') ?? heading;
  }
  return found.filter((block) => language === undefined || block.language === language);
}

/** The page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '');
}

/** What stands in single backticks, outside of blocks. */
export function codeOf(of: Page): string[] {
  return [...proseOf(of).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
}
