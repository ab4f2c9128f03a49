import type { Pattern, Token } from './pattern.ts';

/** Whether the text is one that the pattern stands for. A variable that is still there stands for nothing. */
export function matches(pattern: Pattern, text: string): boolean {
  let at = new Set([0]);
  for (const char of text.split('')) {
    const next = new Set<number>();
    for (const position of closure(pattern, at)) {
      const token = pattern[position];
      if (token !== undefined && takes(token, char))
        next.add(token.kind === 'many' ? position : position + 1);
    }
    if (next.size === 0) return false;
    at = next;
  }
  return closure(pattern, at).has(pattern.length);
}

/** The positions reachable without reading a character: a `*` may stand for nothing. */
export function closure(pattern: Pattern, positions: ReadonlySet<number>): Set<number> {
  const all = new Set(positions);
  for (const position of all) if (pattern[position]?.kind === 'many') all.add(position + 1);
  return all;
}

/** Whether this step of a pattern can stand for this character. */
export function takes(token: Token, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'one':
    case 'many':
      return token.deep || char !== ':';
    case 'variable':
      return false;
  }
}
