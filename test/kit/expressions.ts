import { isDeepStrictEqual } from 'node:util';

/** An item of the table. */
export type Item = Record<string, unknown>;

/** Names (`#a`) and values (`:a`) that an expression uses. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

const TOKEN = /\s*([#:]?\w+(?:\.[#:]?\w+)*|<>|<=|>=|[=<>(),])/y;

/** The tokens of an expression. Throws for an invalid expression. */
function tokens(expression: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(expression) ?? [];
    if (!token) throw new Error(`${expression} cannot be read from character ${from}`);
    found.push(token);
  }
  return found;
}

/**
 * A condition, a filter or a key condition of DynamoDB as a predicate: comparisons, BETWEEN, `attribute_exists`, `attribute_not_exists`,
 * `begins_with`, `contains`, NOT, AND, OR and brackets. Throws for anything else.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function condition(expression: string, given: Placeholders): (item: Item | undefined) => boolean {
  const words = tokens(expression);
  const next = () => words.shift() ?? '';
  const take = (word: string) => words[0] === word && words.shift() === word;
  const expect = (word: string) => {
    if (!take(word)) throw new Error(`${expression} lacks ${word}`);
  };
  const operand = () => operandOf(next(), given, expression);
  type Predicate = (item: Item | undefined) => boolean;

  const either = (): Predicate => {
    const terms = [both()];
    while (take('OR')) terms.push(both());
    return (item) => terms.some((term) => term(item));
  };
  const both = (): Predicate => {
    const terms = [negatable()];
    while (take('AND')) terms.push(negatable());
    return (item) => terms.every((term) => term(item));
  };
  const negatable = (): Predicate => {
    if (!take('NOT')) return term();
    const inner = negatable();
    return (item) => !inner(item);
  };
  const term = (): Predicate => {
    if (take('(')) {
      const inner = either();
      expect(')');
      return inner;
    }
    return words[1] === '(' ? called(next()) : compared();
  };
  const called = (name: string): Predicate => {
    expect('(');
    const subject = operand();
    const argument = take(',') ? operand() : () => undefined;
    expect(')');
    switch (name) {
      case 'attribute_exists':
        return (item) => subject(item) !== undefined;
      case 'attribute_not_exists':
        return (item) => subject(item) === undefined;
      case 'begins_with':
        return (item) => String(subject(item) ?? '').startsWith(String(argument(item)));
      case 'contains':
        return (item) => holdsWithin(subject(item), argument(item));
      default:
        throw new Error(`${expression} calls ${name}, which nobody expected`);
    }
  };
  const compared = (): Predicate => {
    const left = operand();
    const sign = next();
    const right = operand();
    if (sign === 'BETWEEN') {
      expect('AND');
      const end = operand();
      return (item) =>
        compares(left(item), '>=', right(item), expression) &&
        compares(left(item), '<=', end(item), expression);
    }
    return (item) => compares(left(item), sign, right(item), expression);
  };

  const predicate = either();
  if (words.length > 0) throw new Error(`${expression} goes on with ${words.join(' ')}`);
  return predicate;
}

/**
 * The item after an update expression of DynamoDB: SET (with `if_not_exists`), REMOVE and ADD (of numbers and sets), of fields
 * at the top. Throws for anything else.
 */
export function updated(expression: string, given: Placeholders, before: Item): Item {
  const item = { ...before };
  const clauses = [...expression.matchAll(/\b(SET|REMOVE|ADD)\b(.*?)(?=\b(?:SET|REMOVE|ADD)\b|$)/gs)];
  if (clauses.map(([clause]) => clause).join('') !== expression.trim())
    throw new Error(`${expression} is no update that anybody expected`);
  for (const [, verb, terms = ''] of clauses) {
    for (const term of terms.split(/,(?![^(]*\))/)) {
      const words = tokens(term);
      const field = named(words[0] ?? '', given);
      if (field.length !== 1)
        throw new Error(`${expression} changes ${field.join('.')}, which is not at the top`);
      const [name = ''] = field;
      if (verb === 'SET') item[name] = assigned(words.slice(1), given, before, expression);
      else if (verb === 'ADD')
        item[name] = added(item[name], operandOf(words[1] ?? '', given, expression)(item));
      else delete item[name];
    }
  }
  return item;
}

/** The value that `= :a` or `= if_not_exists(b, :a)` assigns. */
function assigned(words: readonly string[], given: Placeholders, before: Item, expression: string): unknown {
  const [equals, first = '', open, path = '', , value = ''] = words;
  if (equals !== '=') throw new Error(`${expression} assigns nothing`);
  if (open === undefined) return operandOf(first, given, expression)(before);
  if (first !== 'if_not_exists') throw new Error(`${expression} calls ${first}, which nobody expected`);
  return operandOf(path, given, expression)(before) ?? operandOf(value, given, expression)(before);
}

function added(before: unknown, more: unknown): unknown {
  if (typeof more === 'number') return Number(before ?? 0) + more;
  if (more instanceof Set) return new Set([...((before as Set<unknown> | undefined) ?? []), ...more]);
  throw new Error('only numbers and sets can be added');
}

function holdsWithin(whole: unknown, part: unknown): boolean {
  if (whole instanceof Set) return whole.has(part);
  if (Array.isArray(whole)) return whole.some((one) => isDeepStrictEqual(one, part));
  return typeof whole === 'string' && whole.includes(String(part));
}

/** Values of different types are not equal and have no order. A comparison with an absent value is false, except `<>`. */
function compares(left: unknown, sign: string, right: unknown, expression: string): boolean {
  if (sign === '=') return left !== undefined && isDeepStrictEqual(left, right);
  if (sign === '<>') return !isDeepStrictEqual(left, right);
  const order = orderOf(left, right);
  switch (sign) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      throw new Error(`${expression} compares by ${sign}, which nobody expected`);
  }
}

/** Negative, 0 or positive; NaN if the values have no order. */
function orderOf(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return Number.NaN;
}

function operandOf(
  word: string,
  given: Placeholders,
  expression: string,
): (item: Item | undefined) => unknown {
  if (word.startsWith(':')) {
    const { ExpressionAttributeValues: values = {} } = given;
    if (!Object.hasOwn(values, word)) throw new Error(`${expression} uses ${word}, which has no value`);
    return () => values[word];
  }
  const path = named(word, given);
  return (item) => path.reduce<unknown>((of, name) => (of as Item | undefined)?.[name], item);
}

function named(word: string, { ExpressionAttributeNames: names = {} }: Placeholders): string[] {
  return word.split('.').map((part) => (part.startsWith('#') ? (names[part] ?? part) : part));
}
