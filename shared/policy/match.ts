import type { Pattern, Token } from './pattern.ts';

/** Whether the text is one that the pattern stands for. A variable that is still there stands for nothing. */
export function matches(pattern: Pattern, text: Iterable<string>): boolean {
  let at = closure(pattern, [0]);
  for (const char of text) {
    at = step(pattern, at, (token) => takes(token, char));
    if (at.size === 0) return false;
  }
  return at.has(pattern.length);
}

/** The positions after one more symbol, which the tokens that `taken` holds of can stand for. */
export function step(
  pattern: Pattern,
  positions: ReadonlySet<number>,
  taken: (token: Token) => boolean,
): Set<number> {
  const next: number[] = [];
  for (const position of positions) {
    const token = pattern[position];
    if (token !== undefined && taken(token)) next.push(token.kind === 'many' ? position : position + 1);
  }
  return closure(pattern, next);
}

/**
 * The positions reachable without reading a character: a `*` may stand for nothing. Those before a `*` that
 * may stand for anything are left out: whatever they lead to, it does too. So many stars take no more time.
 */
export function closure(pattern: Pattern, positions: Iterable<number>): Set<number> {
  const all = new Set(positions);
  let last = 0;
  for (const position of all) {
    const token = pattern[position];
    if (token?.kind !== 'many') continue;
    all.add(position + 1);
    if (token.deep) last = Math.max(last, position);
  }
  for (const position of all) if (position < last) all.delete(position);
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
