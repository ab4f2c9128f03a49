/** Whether a text matches a pattern: `*` is any number of characters, `?` exactly one. Case-sensitive. */
export function likeText(pattern: string, text: string): boolean {
  return like([...pattern], [...text], '*', (one, char) => one === '?' || one === char);
}

/** Whether some text matches both patterns, as `likeText` does. Pure. */
export function meet(one: string, other: string): boolean {
  const [a, b] = [[...one], [...other]];
  // `reached[j]`: a text can match the first characters of `one`, up to the current one, and the first j of `other`.
  let reached = start(b);
  for (const char of a) {
    const before = reached;
    reached = [char === '*' && before[0] === true];
    for (const [at, with_] of b.entries()) {
      const isEqual = char === with_ || char === '?' || with_ === '?';
      const both = char !== '*' && with_ !== '*' && isEqual && before[at] === true;
      const many = char === '*' && (before[at + 1] === true || reached[at] === true);
      const manyOfOther = with_ === '*' && (reached[at] === true || before[at + 1] === true);
      reached.push(both || many || manyOfOther);
    }
  }
  return reached[b.length] === true;
}

/** Where a pattern can stand before its first character that is no `*`. */
function start(pattern: readonly string[]): boolean[] {
  const end = pattern.findIndex((char) => char !== '*');
  return [true, ...pattern.map((_, at) => end < 0 || at < end)];
}

/**
 * Whether a path of names (`/`, `/Research/Genomics`) matches a pattern: `**` is any number of levels, also none; `*` and `?` are
 * characters within one level. Escapes (`asLevel`) are literal characters in both.
 */
export function likePath(pattern: string, path: string): boolean {
  return like(levels(pattern), levels(path), '**', likeLevel);
}

/** A name escaped as one level of a path: `/`, `*` and `?` as `%2F`, `%2A` and `%3F`, the `%` of a text like these as `%25`. Pure. */
export function asLevel(name: string): string {
  return name.replaceAll(/[/*?]|%(?=2F|2A|3F|25)/gi, escaped);
}

function escaped(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The characters of a level; an escape counts as one. */
function characters(level: string): string[] {
  return level.match(/%(?:2F|2A|3F|25)|./gisu) ?? [];
}

function likeLevel(pattern: string, level: string): boolean {
  const names = characters(level).map(unescaped);
  return like(characters(pattern), names, '*', (one, char) => one === '?' || unescaped(one) === char);
}

function unescaped(char: string): string {
  return char.length === 3 && char.startsWith('%') ? decodeURIComponent(char) : char;
}

/** The names of a path, from the top. */
function levels(path: string): string[] {
  return path.split('/').filter((level) => level !== '');
}

/** Backtracks only to the last `many`, so the time is at most the pattern's length times the number of items. */
function like(
  pattern: readonly string[],
  items: readonly string[],
  many: string,
  equal: (one: string, item: string) => boolean,
): boolean {
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  for (let index = 0; index < items.length; ) {
    const one = pattern[at];
    const item = items[index] ?? '';
    if (one === many) {
      star = at++;
      resumeAt = index;
    } else if (one !== undefined && equal(one, item)) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resumeAt;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((one) => one === many);
}
