import {
  DescribeRuleCommand,
  type EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { unlessMissing } from './check.ts';

/** A rule of EventBridge, as far as a check asks. */
export interface SeenRule {
  readonly state: string;
  readonly pattern: Pattern;
  readonly targets: readonly string[];
}
interface Pattern {
  readonly source?: readonly unknown[];
  readonly detail?: { readonly eventName?: readonly unknown[] };
}

/** The rule of that name on that bus, the default bus when none is named; undefined when there is none. */
export async function readRule(
  events: EventBridgeClient,
  Name: string,
  EventBusName?: string,
): Promise<SeenRule | undefined> {
  const bus = EventBusName === undefined ? {} : { EventBusName };
  const rule = await unlessMissing(events.send(new DescribeRuleCommand({ Name, ...bus })));
  if (!rule) return undefined;
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: Name, ...bus }));
  return {
    state: rule.State ?? 'ENABLED',
    pattern: JSON.parse(rule.EventPattern ?? '{}') as Pattern,
    targets: Targets.flatMap(({ Arn }) => Arn ?? []),
  };
}

/** What keeps the rule from bringing these events there, as the rest of a sentence. Pure. */
export function ruleProblem(
  { state, pattern, targets }: SeenRule,
  wanted: { target: string; source: string; eventName?: string },
): string | undefined {
  if (!state.startsWith('ENABLED')) return 'is disabled';
  if (!targets.includes(wanted.target)) return `does not have ${wanted.target} as its target`;
  if (!pattern.source?.includes(wanted.source)) return `does not match events of ${wanted.source}`;
  const names = pattern.detail?.eventName;
  if (wanted.eventName && names && !names.includes(wanted.eventName))
    return `does not match ${wanted.eventName}`;
  return undefined;
}
