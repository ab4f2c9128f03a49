/**
 * One step of a pattern. `many` is `*`, `one` is `?`, `variable` a policy variable that is not yet replaced. A
 * character is a whole one of Unicode, never half of a surrogate pair.
 * What is `deep` may stand for a colon too; what is not keeps within its segment of an ARN.
 */
export type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one'; readonly deep: boolean }
  | { readonly kind: 'many'; readonly deep: boolean }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback?: string };

export type Pattern = readonly Token[];

/** How a text is read: whether it has policy variables, wildcards, and segments that wildcards keep within. */
export interface Syntax {
  readonly variables: boolean;
  /**
   * `none`: wildcards are plain characters. `text`: they stand for anything. `resource`: in an ARN's first five
   * segments they keep within the segment, but for a `*` that ends it. `arn`: not even that one leaves it.
   */
  readonly wildcards: 'none' | 'text' | 'resource' | 'arn';
}

/**
 * Reads a pattern. `${key}` and `${key, 'default'}` are variables, `${*}`, `${?}` and `${$}` the plain
 * characters; in a policy of 2008-10-17 (or without Version) none of it is special.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function parsePattern(text: string, syntax: Syntax): Pattern {
  const tokens: Token[] = [];
  let colons = 0;
  let at = 0;
  while (at < text.length) {
    const variable = syntax.variables && text.startsWith('${', at) ? variableAt(text, at) : undefined;
    if (variable !== undefined) {
      tokens.push(variable.token);
      at = variable.end;
      continue;
    }
    const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
    at += char.length;
    if (char === ':') colons++;
    if (syntax.wildcards === 'none' || (char !== '*' && char !== '?')) tokens.push({ kind: 'char', char });
    else if (char === '?') tokens.push({ kind: 'one', deep: syntax.wildcards === 'text' || colons >= 5 });
    else star(deep(text[at]));
  }
  return tokens;

  /** Several stars in a row are one, which goes as far as any of them. */
  function star(deep: boolean): void {
    const before = tokens.at(-1);
    if (before?.kind === 'many') tokens.splice(-1, 1, { kind: 'many', deep: deep || before.deep });
    else tokens.push({ kind: 'many', deep });
  }

  function deep(next: string | undefined): boolean {
    if (syntax.wildcards === 'text' || colons >= 5 || next === undefined) return true;
    return syntax.wildcards === 'resource' && next === ':';
  }
}

/**
 * The pattern with every variable replaced by what `value` says, taken literally; undefined when a variable
 * has neither a value nor a default, for then it equals nothing.
 */
export function replaceVariables(
  pattern: Pattern,
  value: (key: string) => string | undefined,
): Pattern | undefined {
  const replaced: Token[] = [];
  for (const token of pattern) {
    if (token.kind !== 'variable') {
      replaced.push(token);
      continue;
    }
    const found = value(token.key) ?? token.fallback;
    if (found === undefined) return undefined;
    for (const char of found) replaced.push({ kind: 'char', char });
  }
  return replaced;
}

/** Whether two variables always have the same value: same key, in any case, and same default. */
export function sameVariable(one: Token, other: Token): boolean {
  if (one.kind !== 'variable' || other.kind !== 'variable') return false;
  return one.key === other.key && one.fallback === other.fallback;
}

function variableAt(text: string, start: number): { token: Token; end: number } | undefined {
  const pattern = /\$\{(?:([*?$])|\s*([^\s{}',]+)\s*(?:,\s*'((?:[^']|'')*)'\s*)?)\}/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [whole, plain, key = '', fallback] = match;
  const end = start + whole.length;
  if (plain !== undefined) return { token: { kind: 'char', char: plain }, end };
  const variable = { kind: 'variable', key: key.toLowerCase() } as const;
  return {
    token: fallback === undefined ? variable : { ...variable, fallback: fallback.replaceAll("''", "'") },
    end,
  };
}

/** Whether the text is one that the pattern stands for. A variable that is still there stands for nothing. */
export function matches(pattern: Pattern, text: Iterable<string>): boolean {
  let at = closure(pattern, [0]);
  for (const char of text) {
    at = afterSymbol(pattern, at, (token) => takes(token, char));
    if (at.size === 0) return false;
  }
  return at.has(pattern.length);
}

/** The positions after one more symbol, which the tokens that `taken` holds of can stand for. */
export function afterSymbol(
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
