/**
 * One step of a pattern. `many` is `*`, `one` is `?`, `variable` is a policy variable that is not replaced yet. A character is a whole
 * Unicode character, never half of a surrogate pair. A `deep` wildcard also matches colons; any other stays within its segment of an
 * ARN.
 */
export type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one'; readonly deep: boolean }
  | { readonly kind: 'many'; readonly deep: boolean }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback?: string };

export type Pattern = readonly Token[];

/** How to parse a text: with or without policy variables, wildcards, and segments. */
export interface Syntax {
  readonly variables: boolean;
  /**
   * `none`: wildcards are plain characters. `text`: they match any text. `resource`: in the first five segments of an ARN they stay
   * within the segment, except a `*` at its end. `arn`: also a `*` at its end stays within it.
   */
  readonly wildcards: 'none' | 'text' | 'resource' | 'arn';
}

/**
 * Parses a pattern. `${key}` and `${key, 'default'}` are variables; `${*}`, `${?}` and `${$}` are the plain characters. In a policy
 * of 2008-10-17 (or without Version) all of these are plain text.
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

  /** Several stars in a row are one, which matches as much as the widest of them. */
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
 * The pattern with every variable replaced by its literal value; undefined if a variable has neither a value nor a default, since it
 * then matches nothing.
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

/** Whether two variables always have the same value: the same key, in any case, and the same default. */
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

/** Whether the pattern matches the text. A variable that is not replaced matches nothing. */
export function matches(pattern: Pattern, text: Iterable<string>): boolean {
  let at = closure(pattern, [0]);
  for (const char of text) {
    at = afterSymbol(pattern, at, (token) => takes(token, char));
    if (at.size === 0) return false;
  }
  return at.has(pattern.length);
}

/** The positions after one more symbol, through the tokens for which `taken` holds. */
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
 * The positions reachable without a character, since a `*` may match nothing. Positions before a `*` that matches any text are left
 * out, since it reaches everything that they reach: so patterns with many stars are not slower.
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

/** Whether this step of a pattern matches this character. */
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
