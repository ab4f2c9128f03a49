import type { Who } from './who.ts';

/** What is known of a request, by condition key in lower case. */
export type Context = ReadonlyMap<string, readonly string[]>;

/**
 * The context of a request: what the caller gives, and the keys that AWS itself derives from who is asking,
 * unless they are given. A key with an empty list counts as absent.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function contextOf(
  who: Who,
  given: Readonly<Record<string, string | readonly string[]>>,
  resourceAccountId: string | undefined,
): Context {
  const context = new Map<string, readonly string[]>();
  const derived = {
    'aws:principalarn': who.type === 'AWS' ? (who.roleArn ?? who.arn) : undefined,
    'aws:principalaccount': who.accountId,
    'aws:principalisawsservice': String(who.type === 'Service'),
    'aws:username': who.kind === 'user' ? who.name : undefined,
    'aws:resourceaccount': resourceAccountId,
  };
  for (const [key, value] of Object.entries(derived)) if (value !== undefined) context.set(key, [value]);
  for (const [key, value] of Object.entries(given)) {
    context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return context;
}

/** The value of a policy variable: its key's, when that has exactly one. */
export function variableIn(context: Context): (key: string) => string | undefined {
  return (key) => {
    const values = context.get(key);
    return values?.length === 1 ? values[0] : undefined;
  };
}
