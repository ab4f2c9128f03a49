import type { Problem } from '../../../shared/domain/errors.ts';
import { type Lookup, namesIn } from '../../../shared/domain/interpolate.ts';
import { formatPath } from '../../../shared/domain/requests.ts';

/** Names whose values come with a registration, or from whoever named the account: not from the baseline's author. */
const REGISTERED = /^(account\.(name|email)|values\..+)$/;
/** What stands for more than itself in a policy or an ARN. */
const WIDENING = /[*?]|\$\{/;

/**
 * What would let a registration grant more than the baseline's author meant: values with wildcards or policy variables,
 * but for those of the names that the author allows. Pure.
 */
export function wideningProblems(
  value: unknown,
  path: string,
  lookup: Lookup,
  allowed: readonly string[],
): Problem[] {
  if (typeof value === 'string') {
    const widening = namesIn(value).filter(
      (name) => REGISTERED.test(name) && !allowed.includes(name) && WIDENING.test(lookup(name) ?? ''),
    );
    return widening.map((name) => ({
      path,
      message:
        `\${${name}} has a \`*\`, a \`?\` or a \`\${\` for this account, which would widen what the baseline grants: ` +
        `register the account with another value, or list ${name} in executionRole.wildcardsFrom`,
    }));
  }
  if (value === null || typeof value !== 'object') return [];
  const parts = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return parts.flatMap(([key, item]) => wideningProblems(item, formatPath(path, [key]), lookup, allowed));
}
