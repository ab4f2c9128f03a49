import { join, PolicyError, parseJson, shown } from './json.ts';
import { asText, object, parseStatement, type Statement } from './statement.ts';

export { PolicyError } from './json.ts';
export type { Conditions, Statement } from './statement.ts';

/**
 * A policy in a normalised form: single values are lists, every value is a string, the principal `"*"` is `{"AWS":["*"]}`. It is
 * itself a policy document: `JSON.stringify(policy)` can be sent to IAM, and parsing it again returns it unchanged. Values are as
 * written; `samePolicy` and `evaluate` interpret them.
 */
export interface Policy {
  Version?: '2008-10-17' | '2012-10-17';
  Id?: string;
  Statement: Statement[];
}

/** The input of `parsePolicy`: JSON text, plain or URL-encoded, or the parsed document. */
export type PolicyInput = string | object;

const mostCharacters = 1_000_000;

/**
 * Parses a policy: JSON text, plain or URL-encoded (RFC 3986, as IAM returns it), or an already parsed document. Supports every
 * element of the grammar; anything else is a PolicyError with its path and never ignored. The empty document (empty text or `{}`) is
 * a policy without statements. Never changes its input.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(input: unknown): Policy {
  const document = typeof input === 'string' ? read(input) : withinLimit(input);
  const given = object(document, '');
  const policy: Policy = { Statement: [] };
  for (const [name, value] of Object.entries(given)) {
    if (name === 'Version') policy.Version = version(value);
    else if (name === 'Id') policy.Id = asText(value, 'Id');
    else if (name === 'Statement') policy.Statement = statements(value);
    else
      throw new PolicyError(
        join('', name),
        'is not an element of a policy: those are Version, Id, Statement.',
      );
  }
  if (!Object.hasOwn(given, 'Statement') && Object.keys(given).length > 0) {
    throw new PolicyError(
      'Statement',
      'is missing: a policy is an object with one statement or a list of them.',
    );
  }
  return policy;
}

/** One policy or several, parsed. */
export function parsePolicies(input: PolicyInput | readonly PolicyInput[] | undefined): Policy[] {
  if (input === undefined) return [];
  return Array.isArray(input) ? input.map(parsePolicy) : [parsePolicy(input)];
}

function read(source: string): unknown {
  if (source.length > mostCharacters) throw tooLong(source.length);
  // Non-empty JSON contains a quote, and RFC 3986 encodes every quote: so the two cannot be confused.
  const encoded = source.includes('%') && !source.includes('"');
  let json = source;
  try {
    if (encoded) json = decodeURIComponent(source);
  } catch (cause) {
    throw new PolicyError('', 'is neither JSON nor URL-encoded JSON: an escape with % is malformed.', {
      cause,
    });
  }
  json = json.replace(/^\uFEFF/, '');
  return json.trim() === '' ? {} : parseJson(json);
}

/** The same limit for a parsed document; it also stops a document that contains itself. */
function withinLimit(document: unknown): unknown {
  let size = 0;
  const open: unknown[] = [document];
  while (open.length > 0) {
    const value = open.pop();
    size += typeof value === 'string' ? value.length : 1;
    if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        size += key.length;
        open.push(member);
      }
    }
    if (size > mostCharacters) throw tooLong();
  }
  return document;
}

function tooLong(length?: number): PolicyError {
  const most = mostCharacters.toLocaleString('en');
  const has =
    length === undefined ? 'is larger than' : `has ${length.toLocaleString('en')} characters, more than`;
  return new PolicyError('', `${has} ${most}: no policy is that long.`);
}

function version(value: unknown): '2008-10-17' | '2012-10-17' {
  if (value === '2008-10-17' || value === '2012-10-17') return value;
  throw new PolicyError('Version', `must be "2012-10-17" or "2008-10-17", and is ${shown(value)}.`);
}

function statements(value: unknown): Statement[] {
  if (Array.isArray(value))
    return Array.from(value, (each, index) => parseStatement(each, join('Statement', index)));
  return [parseStatement(value, 'Statement')];
}
