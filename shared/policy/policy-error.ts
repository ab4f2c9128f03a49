/**
 * A document that is no IAM policy. `path` says where in the document (`Statement[1].Effect`, empty for the
 * document itself) and the message is one sentence for a person that already names the path.
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path === '' ? 'The policy' : path} ${problem}`, options);
    this.path = path;
  }
}

/** A value for a message: its JSON, cut to a readable length; lists and objects only by what they are. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) {
    return kindOf(value) === 'Object' ? 'an object' : `a ${kindOf(value)}`;
  }
  if (value === undefined) return 'missing';
  const json = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value);
  // Control characters that JSON leaves as they are could steer a terminal.
  const text = json.replaceAll(/[\x7f-\x9f]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What JavaScript calls it: `Object`, `Map`, `Uint8Array` …; the same for one from another realm. */
export function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** `path` with one more step: `join('Statement[0]', 'Effect')` is `Statement[0].Effect`. */
export function join(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = /^[\w:/.-]{1,128}$/.test(step) ? step : shown(step);
  return path === '' ? name : `${path}.${name}`;
}
