import { cell as oneLine } from '../shared/domain/escape.ts';

/** The most characters of a comment: GitHub allows 65,536, and a workflow may add a few. */
export const MOST_MARKDOWN = 60_000;

/** The first lines that have room in so many characters. Pure. */
export function firstLines(lines: readonly string[], most: number): string[] {
  let room = most;
  const end = lines.findIndex((line) => {
    room -= line.length + 1;
    return room < 0;
  });
  return lines.slice(0, end < 0 ? lines.length : end);
}

/** A text from outside in markdown: nothing in it is markup, mentions somebody or ends the line. Pure. */
export function inMarkdown(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_{}[\]<>#|~@!]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
