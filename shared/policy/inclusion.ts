import { closure, takes } from './match.ts';
import type { Pattern, Token } from './pattern.ts';
import { sameVariable } from './pattern.ts';

const mostStates = 20_000;

/**
 * Whether every text that `inner` stands for, `outer` stands for too, whatever values variables take: exact but
 * for variables, which only the same variable or a `*` includes. False when it would take too long to tell.
 *
 * `inner` is walked step by step beside the set of positions that `outer` can be in after the same text.
 */
export function includes(outer: Pattern, inner: Pattern): boolean {
  const start = commonStart(outer, inner);
  if (start === undefined) return false;
  const literals = new Set(outer.flatMap((each) => (each.kind === 'char' ? [each.char] : [])));
  const alphabet = [...literals, ':', unspelled(literals)];
  const seen = new Set<string>();
  const open: [number, ReadonlySet<number>][] = [[start, closure(outer, new Set([start]))]];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const [position, positions] = state;
    if (positions.size === 0) return false;
    const key = `${position}:${[...positions].sort((a, b) => a - b).join()}`;
    if (seen.has(key)) continue;
    if (seen.add(key).size > mostStates) return false;
    const token = inner[position];
    if (token === undefined) {
      if (!positions.has(outer.length)) return false;
      continue;
    }
    if (token.kind === 'many') open.push([position + 1, positions]);
    const next = token.kind === 'many' ? position : position + 1;
    for (const symbol of symbols(token)) open.push([next, step(outer, positions, symbol)]);
  }
  return true;

  function symbols(token: Token): readonly Token[] {
    if (token.kind === 'char' || token.kind === 'variable') return [token];
    return alphabet.filter((char) => takes(token, char)).map((char) => ({ kind: 'char', char }));
  }
}

/** Whether some text could be one of both; a variable could be anything. */
export function overlap(one: Pattern, other: Pattern): boolean {
  const start = commonStart(one, other);
  if (start === undefined) return false;
  const width = other.length + 1;
  const seen = new Set<number>();
  const open: [number, number][] = [[start, start]];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const [i, j] = state;
    if (seen.has(i * width + j)) continue;
    seen.add(i * width + j);
    const [a, b] = [one[i], other[j]];
    if (a === undefined && b === undefined) return true;
    if (a !== undefined && repeats(a)) open.push([i + 1, j]);
    if (b !== undefined && repeats(b)) open.push([i, j + 1]);
    if (a === undefined || b === undefined || !meet(a, b)) continue;
    open.push([repeats(a) ? i : i + 1, repeats(b) ? j : j + 1]);
  }
  return false;
}

/** How many plain characters both begin with; undefined when they begin differently. Most pairs end here. */
function commonStart(one: Pattern, other: Pattern): number | undefined {
  for (let at = 0; ; at++) {
    const [a, b] = [one[at], other[at]];
    if (a?.kind !== 'char' || b?.kind !== 'char') return at;
    if (a.char !== b.char) return undefined;
  }
}

/** A character that stands for all those that the pattern does not spell out. */
function unspelled(literals: ReadonlySet<string>): string {
  let code = 'A'.charCodeAt(0);
  while (literals.has(String.fromCharCode(code))) code++;
  return String.fromCharCode(code);
}

function step(pattern: Pattern, positions: ReadonlySet<number>, symbol: Token): Set<number> {
  const next = new Set<number>();
  for (const position of positions) {
    const token = pattern[position];
    if (token === undefined) continue;
    const many = token.kind === 'many';
    const taken =
      symbol.kind === 'char'
        ? takes(token, symbol.char)
        : (many && token.deep) || sameVariable(token, symbol);
    if (taken) next.add(many ? position : position + 1);
  }
  return closure(pattern, next);
}

function repeats(token: Token): boolean {
  return token.kind === 'many' || token.kind === 'variable';
}

/** Whether one character fits both; all but literals fit some character that is no colon. */
function meet(a: Token, b: Token): boolean {
  if (a.kind === 'char' && b.kind !== 'variable') return takes(b, a.char);
  if (b.kind === 'char' && a.kind !== 'variable') return takes(a, b.char);
  return true;
}
