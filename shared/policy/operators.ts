/** A condition operator taken apart: `ForAnyValue:StringNotLikeIfExists` is all four. */
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
 * The operator of that name, in any case, or undefined when IAM has none such. Null takes neither IfExists nor
 * ForAllValues/ForAnyValue.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function operatorNamed(name: string): Operator | undefined {
  return operators.get(name.toLowerCase());
}

/** Whether a condition with it holds of a key that is not there. For Null, its values say that. */
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
