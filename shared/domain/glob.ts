/** Whether a text is like a pattern, in which `*` stands for any characters and `?` for one. Case counts. */
export function likeText(pattern: string, text: string): boolean {
  return like([...pattern], [...text], '*', (one, char) => one === '?' || one === char);
}

/**
 * Whether a path of names (`/`, `/Research/Genomics`) is like a pattern, in which `**` stands for any number of levels,
 * none among them, and `*` and `?` for characters of one level. In both, what is escaped stands for itself.
 */
export function likePath(pattern: string, path: string): boolean {
  return like(levels(pattern), levels(path), '**', likeLevel);
}

/** A name as one level of a path: `/`, `*`, `?`, and what looks like an escape, as `%2F`, `%2A`, `%3F` and `%25`. Pure. */
export function asLevel(name: string): string {
  return name.replaceAll(/[/*?]|%(?=2F|2A|3F|25)/gi, escaped);
}

function escaped(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** A level's characters; an escape is one of them. */
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

/** Goes back to the last `many` only, so that no pattern takes longer than its length times that of the items. */
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
