import { compare } from './compare.ts';
import type { Context } from './context.ts';
import { variableIn } from './context.ts';
import type { Operator } from './operators.ts';
import { holdsWithout, operatorNamed } from './operators.ts';
import type { Conditions } from './statement.ts';

/**
 * Whether all conditions hold. A key that the request lacks fails a positive operator and meets a negated one,
 * IfExists and ForAllValues; it fails ForAnyValue. To these two an empty string is no value. An operator without a set qualifier over several values is
 * met by one of them (a negated one: by all).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html
 */
export function conditionsHold(conditions: Conditions, context: Context, variables: boolean): boolean {
  return Object.entries(conditions).every(([name, keys]) => {
    const operator = operatorNamed(name);
    if (operator === undefined) return false;
    return Object.entries(keys).every(([key, values]) => holds(operator, key, values, context, variables));
  });
}

function holds(
  operator: Operator,
  key: string,
  values: readonly string[],
  context: Context,
  variables: boolean,
): boolean {
  const given = context.get(key.toLowerCase()) ?? [];
  const { base, set, negated } = operator;
  if (base === 'Null') return values.some((each) => each.toLowerCase() === String(given.length === 0));
  const found = set === undefined ? given : given.filter((each) => each !== '');
  if (found.length === 0) return holdsWithout(operator);
  const value = variableIn(context);
  const meets = (actual: string) =>
    values.some((wanted) => compare(base, actual, wanted, variables, value)) !== negated;
  if (set === 'ForAllValues') return found.every(meets);
  return set === undefined && negated ? found.every(meets) : found.some(meets);
}
