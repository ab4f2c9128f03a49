import { canonicalAction } from './canonical.ts';
import { conditionsHold } from './conditions.ts';
import type { Context } from './context.ts';
import { variableIn } from './context.ts';
import type { Policy } from './document.ts';
import { matches } from './match.ts';
import type { Syntax } from './pattern.ts';
import { parsePattern, replaceVariables } from './pattern.ts';
import type { Statement } from './statement.ts';

/** Policy variables came with 2012-10-17; before it, and without a Version, `${…}` is plain text. */
export function hasVariables(policy: Policy): boolean {
  return policy.Version === '2012-10-17';
}

/**
 * Whether a statement is about this action on this resource under this context; about who asks it says
 * nothing. A statement of a trust policy, which has no Resource, is about whatever it is attached to.
 */
export function applies(
  statement: Statement,
  request: { readonly action: string; readonly resource: string },
  context: Context,
  variables: boolean,
): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const action = request.action.toLowerCase();
  const hasAction = (each: string) =>
    fits(canonicalAction(each), action, { variables: false, wildcards: 'text' });
  const hasResource = (each: string) => fits(each, request.resource, { variables, wildcards: 'resource' });
  return (
    (Action?.some(hasAction) ?? true) &&
    !NotAction?.some(hasAction) &&
    (Resource?.some(hasResource) ?? true) &&
    !NotResource?.some(hasResource) &&
    conditionsHold(Condition, context, variables)
  );

  function fits(pattern: string, text: string, syntax: Syntax): boolean {
    if (pattern === '*') return true;
    const replaced = replaceVariables(parsePattern(pattern, syntax), variableIn(context));
    return replaced !== undefined && matches(replaced, text);
  }
}
