import type { Use } from '../../local/gateway/authorization/usage.ts';
import { operatorNamed, type Statement } from '../../shared/policy/statement.ts';
import { fits, type Misfit } from './permission-record.ts';

/** A value that a condition of a statement compares a key with, and what uses of the statement brought for it. */
export interface ConditionValue {
  readonly what: string;
  readonly key: string;
  readonly pattern: string;
  readonly hasWildcard: boolean;
  /** Texts that uses brought and that the value let pass. */
  readonly brought: Set<string>;
}

const COMPARED = new Set(['StringEquals', 'StringEqualsIgnoreCase', 'StringLike', 'ArnEquals', 'ArnLike']);

/** The values that text or an ARN must be one of; negations, numbers, dates and addresses have none. */
export function conditionValues({ Condition = {} }: Statement): ConditionValue[] {
  return Object.entries(Condition).flatMap(([name, keys]) => {
    const operator = operatorNamed(name);
    if (!operator || operator.negated || !COMPARED.has(operator.base)) return [];
    const hasPatterns = !operator.base.startsWith('StringEquals');
    return Object.entries(keys).flatMap(([key, values]) =>
      values.map((pattern) => ({
        what: `${name} ${key}: ${pattern}`,
        key,
        pattern,
        hasWildcard: hasPatterns && /[*?]/.test(pattern),
        brought: new Set<string>(),
      })),
    );
  });
}

/** Adds to the known value what a use brought for its key. */
export function seen(
  known: ConditionValue | undefined,
  context: Use['context'],
  { key, pattern }: ConditionValue,
): void {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  for (const text of [found?.[1] ?? []].flat()) {
    if (fits(pattern.toLowerCase(), text.toLowerCase())) known?.brought.add(text);
  }
}

/** A value that no use brought, or a pattern where all uses brought one and the same text. */
export function conditionMisfits({
  what,
  hasWildcard,
  brought,
}: ConditionValue): Pick<Misfit, 'is' | 'what'>[] {
  if (brought.size === 0) return [{ is: 'granted and never used', what }];
  return hasWildcard && brought.size === 1 ? [{ is: 'wider than used', what }] : [];
}
