/**
 * A document that is not an IAM policy. `path` is the place in the document (`Statement[1].Effect`, empty for the document itself);
 * the message is one sentence for people that already contains the path.
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path === '' ? 'The policy' : path} ${problem}`, options);
    this.path = path;
  }
}

/** A value for a message: its JSON, cut to a readable length; for lists and objects only their type. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) {
    return kindOf(value) === 'Object' ? 'an object' : `a ${kindOf(value)}`;
  }
  if (value === undefined) return 'missing';
  const json = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value);
  // JSON leaves some control characters unescaped, which could start terminal escape sequences.
  const text = json.replaceAll(/[\x7f-\x9f]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** JavaScript's name of the type: `Object`, `Map`, `Uint8Array` …; also for values of another realm. */
export function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** `path` with one more step: `join('Statement[0]', 'Effect')` is `Statement[0].Effect`. */
export function join(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = /^[\w:/.-]{1,128}$/.test(step) ? step : shown(step);
  return path === '' ? name : `${path}.${name}`;
}

const deepest = 64;
const literals: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/**
 * Parses strict JSON (RFC 8259). Also refuses duplicate keys in an object and numbers that JavaScript cannot represent as written,
 * which `JSON.parse` accepts. Keys such as `__proto__` become plain own properties.
 * @throws PolicyError with the path and, for invalid JSON, line and column
 */
export function parseJson(text: string): unknown {
  let at = 0;
  const root = value('', 0);
  space();
  if (at < text.length) broken('', 'the end of the document');
  return root;

  function value(path: string, depth: number): unknown {
    if (depth > deepest) throw new PolicyError(path, `is nested deeper than ${deepest} levels.`);
    space();
    const char = text[at];
    if (char === '{') return object(path, depth);
    if (char === '[') return list(path, depth);
    if (char === '"') return string(path);
    for (const [word, meaning] of literals) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return number(path);
  }

  function object(path: string, depth: number): unknown {
    const entries = new Map<string, unknown>();
    at++;
    for (let first = true; !closes('}', first, path); first = false) {
      if (text[at] !== '"') broken(path, 'a key in double quotes');
      const key = string(path);
      const below = join(path, key);
      if (entries.has(key)) throw new PolicyError(below, 'is written twice in the same object.');
      space();
      if (text[at++] !== ':') broken(below, 'a colon', at - 1);
      entries.set(key, value(below, depth + 1));
    }
    return Object.fromEntries(entries);
  }

  function list(path: string, depth: number): unknown {
    const items: unknown[] = [];
    at++;
    while (!closes(']', items.length === 0, path)) items.push(value(join(path, items.length), depth + 1));
    return items;
  }

  /** Consumes the closing bracket, or the comma before the next member. */
  function closes(bracket: string, first: boolean, path: string): boolean {
    space();
    if (text[at] === bracket) {
      at++;
      return true;
    }
    if (!first) {
      if (text[at] !== ',') broken(path, `a comma or ${bracket}`);
      at++;
      space();
    }
    return false;
  }

  function string(path: string): string {
    const start = at++;
    for (;;) {
      const plain = /[ !#-[\]-\uffff]*/y;
      plain.lastIndex = at;
      at += plain.exec(text)?.[0].length ?? 0;
      if (text[at] === '"') break;
      const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
      escaped.lastIndex = at;
      const length = escaped.exec(text)?.[0].length;
      if (length === undefined) broken(path, 'the rest of a string');
      at += length;
    }
    at++;
    return JSON.parse(text.slice(start, at));
  }

  function number(path: string): number {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = at;
    const source = pattern.exec(text)?.[0];
    if (source === undefined) broken(path, 'a JSON value');
    at += source.length;
    if (String(Number(source)) !== source) {
      throw new PolicyError(path, `is the number ${shown(source)}, which must be written as a string.`);
    }
    return Number(source);
  }

  function space(): void {
    const pattern = /[ \t\r\n]*/y;
    pattern.lastIndex = at;
    at += pattern.exec(text)?.[0].length ?? 0;
  }

  function broken(path: string, expected: string, where = at): never {
    const before = text.slice(0, where).split('\n');
    const position = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    const found = where >= text.length ? 'the text ends' : `there is ${shown(text.slice(where, where + 20))}`;
    throw new PolicyError(path, `is not valid JSON: at ${position} ${found} instead of ${expected}.`);
  }
}
