import { join, kindOf, PolicyError, shown } from './json.ts';

/** A parsed condition operator: `ForAnyValue:StringNotLikeIfExists` has all four parts. */
export interface Operator {
  readonly name: string;
  /** The positive comparison; `StringNotLike` is `StringLike` negated. */
  readonly base: Base;
  readonly negated: boolean;
  readonly set?: 'ForAllValues' | 'ForAnyValue';
  readonly ifExists: boolean;
}

export type Base = (typeof bases)[number][0];

const bases = [
  ['StringEquals', 'StringNotEquals'],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  ['StringLike', 'StringNotLike'],
  ['NumericEquals', 'NumericNotEquals'],
  ['NumericLessThan'],
  ['NumericLessThanEquals'],
  ['NumericGreaterThan'],
  ['NumericGreaterThanEquals'],
  ['DateEquals', 'DateNotEquals'],
  ['DateLessThan'],
  ['DateLessThanEquals'],
  ['DateGreaterThan'],
  ['DateGreaterThanEquals'],
  ['Bool'],
  ['BinaryEquals'],
  ['IpAddress', 'NotIpAddress'],
  ['ArnEquals', 'ArnNotEquals'],
  ['ArnLike', 'ArnNotLike'],
  ['Null'],
] as const;

const operators = new Map(all().map((operator) => [operator.name.toLowerCase(), operator]));

/**
 * The operator with this name, in any case; undefined if IAM has none. Null has neither IfExists nor ForAllValues/ForAnyValue.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function operatorNamed(name: string): Operator | undefined {
  return operators.get(name.toLowerCase());
}

/** Whether a condition with this operator holds if the key is absent. For Null this depends on the values. */
export function holdsWithout({ negated, set, ifExists }: Operator): boolean {
  return ifExists || set === 'ForAllValues' || (set === undefined && negated);
}

function* named(base: Base, word: string, negated: boolean): Generator<Operator> {
  for (const ifExists of [false, true]) {
    const name = ifExists ? `${word}IfExists` : word;
    yield { name, base, negated, ifExists };
    yield { name: `ForAllValues:${name}`, base, negated, ifExists, set: 'ForAllValues' };
    yield { name: `ForAnyValue:${name}`, base, negated, ifExists, set: 'ForAnyValue' };
  }
}

function all(): Operator[] {
  return bases.flatMap(([base, not]): Operator[] => {
    if (base === 'Null') return [{ name: base, base, negated: false, ifExists: false }];
    return [...named(base, base, false), ...(not === undefined ? [] : named(base, not, true))];
  });
}

/** Principals by type; everyone is `{ AWS: ['*'] }`. */
export type Principals = Partial<Record<PrincipalType, string[]>>;
export type PrincipalType = (typeof principalTypes)[number];

/** Values by operator and condition key; one of the values must match. All names are as written. */
export type Conditions = Record<string, Record<string, string[]>>;

/**
 * One statement: exactly one of Action and NotAction; at most one of Resource and NotResource, and of Principal and NotPrincipal; at
 * least one of these four.
 */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: Principals;
  NotPrincipal?: Principals;
  Action?: string[];
  NotAction?: string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Conditions;
}

const principalTypes = ['AWS', 'Service', 'Federated', 'CanonicalUser'] as const;
const opposites = [
  ['Action', 'NotAction'],
  ['Resource', 'NotResource'],
  ['Principal', 'NotPrincipal'],
] as const;

/** Parses one statement. @throws PolicyError with a path below `path` for anything that is not in IAM's grammar */
export function parseStatement(input: unknown, path: string): Statement {
  const given = object(input, path);
  const statement: Statement = { Effect: effect(given.Effect, join(path, 'Effect')) };
  for (const [name, value] of Object.entries(given)) {
    const at = join(path, name);
    if (name === 'Sid') statement.Sid = asText(value, at);
    else if (name === 'Action' || name === 'NotAction') statement[name] = list(value, at, action);
    else if (name === 'Resource' || name === 'NotResource') statement[name] = list(value, at, filled);
    else if (name === 'Principal' || name === 'NotPrincipal') statement[name] = principals(value, at);
    else if (name === 'Condition') statement.Condition = conditions(value, at);
    else if (name !== 'Effect') throw new PolicyError(at, 'is not an element of a statement.');
  }
  for (const [one, other] of opposites) {
    if (statement[one] !== undefined && statement[other] !== undefined) {
      throw new PolicyError(path, `has both ${one} and ${other}, and only one of them may be there.`);
    }
  }
  if (statement.Action === undefined && statement.NotAction === undefined) {
    throw new PolicyError(join(path, 'Action'), 'is missing: a statement has Action or NotAction.');
  }
  const { Principal, NotPrincipal, Resource, NotResource } = statement;
  if ((Principal ?? NotPrincipal ?? Resource ?? NotResource) === undefined) {
    throw new PolicyError(path, 'has neither Principal nor Resource: it fits no policy.');
  }
  return statement;
}

/** The value as a string. @throws PolicyError if it is anything else */
export function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new PolicyError(path, `must be a string, and is ${shown(value)}.`);
  if (!value.isWellFormed())
    throw new PolicyError(path, 'has half a character: a surrogate without its pair.');
  return value;
}

function effect(value: unknown, path: string): 'Allow' | 'Deny' {
  if (value === 'Allow' || value === 'Deny') return value;
  if (value === undefined) throw new PolicyError(path, 'is missing: it must be "Allow" or "Deny".');
  throw new PolicyError(path, `must be "Allow" or "Deny", and is ${shown(value)}.`);
}

/** The object's members without undefined ones, as in JSON. */
export function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && kindOf(value) === 'Object') {
    return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
  }
  throw new PolicyError(path, `must be an object, and is ${shown(value)}.`);
}

function list(value: unknown, path: string, item: (value: unknown, path: string) => string): string[] {
  if (Array.isArray(value)) return Array.from(value, (each, index) => item(each, join(path, index)));
  return [item(value, path)];
}

function filled(value: unknown, path: string): string {
  const found = asText(value, path);
  if (found === '') throw new PolicyError(path, 'must not be empty.');
  return found;
}

function action(value: unknown, path: string): string {
  const found = asText(value, path);
  if (/^(\*|[\w*?-]+:[\w*?.:-]+)$/.test(found)) return found;
  throw new PolicyError(path, `must be "*" or read "service:Action", and is ${shown(found)}.`);
}

function principals(value: unknown, path: string): Principals {
  if (value === '*') return { AWS: ['*'] };
  if (typeof value === 'string') {
    throw new PolicyError(path, `must be "*" or an object such as {"AWS": …}, and is ${shown(value)}.`);
  }
  const found: Principals = {};
  for (const [type, names] of Object.entries(object(value, path))) {
    const known = principalTypes.find((each) => each === type);
    const at = join(path, type);
    if (known === undefined)
      throw new PolicyError(at, `is no kind of principal: ${principalTypes.join(', ')} are.`);
    found[known] = list(names, at, filled);
  }
  return found;
}

function conditions(value: unknown, path: string): Conditions {
  const seen = new Set<string>();
  const operators = Object.entries(object(value, path)).map(([name, keys]) => {
    const at = join(path, name);
    const operator = operatorNamed(name);
    if (operator === undefined) throw new PolicyError(at, 'is not a condition operator.');
    once(seen, operator.name, at);
    const keysSeen = new Set<string>();
    const byKey = Object.entries(object(keys, at)).map(([key, values]) => {
      const below = join(at, key);
      if (!/.:./s.test(key))
        throw new PolicyError(below, 'is not a condition key: those read "prefix:name".');
      once(keysSeen, key.toLowerCase(), below);
      return [key, list(values, below, conditionValue)] as const;
    });
    return [operator.name, Object.fromEntries(byKey)] as const;
  });
  return Object.fromEntries(operators);
}

function conditionValue(value: unknown, path: string): string {
  if (typeof value === 'string') return asText(value, path);
  if (typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  throw new PolicyError(path, `must be a string, a number or a boolean, and is ${shown(value)}.`);
}

function once(seen: Set<string>, name: string, path: string): void {
  if (seen.has(name)) throw new PolicyError(path, 'is there twice, in different letter case.');
  seen.add(name);
}
