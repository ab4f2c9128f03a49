import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  type EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import type { Config } from '../../shared/deployment/config.ts';
import { arns, NAMES } from '../../shared/deployment/names.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { combined, type DoctorCheck, failed, ok, PUT_BACK_MAIN, unlessMissing } from './check.ts';

/** Whether the bus and its rules deliver events to intake. */
export const events: readonly DoctorCheck[] = [
  {
    name: 'bus',
    async look({ config, main }) {
      const bus = await unlessMissing(
        main.events.send(new DescribeEventBusCommand({ Name: config.busName })),
      );
      if (!bus)
        return failed(
          `There is no event bus ${config.busName} in Main: no request can be sent.`,
          PUT_BACK_MAIN,
        );
      const problem = policyProblem(config, bus.Policy);
      return problem
        ? failed(`The policy of bus ${config.busName} ${problem}.`, PUT_BACK_MAIN)
        : ok(`Bus ${config.busName} accepts events from the intended accounts and from no others.`);
    },
  },
  {
    name: 'rules',
    async look({ config, main }) {
      const target = arns(config).intakeQueue;
      const findings = RULES.map(async ([name, source]) => {
        const rule = await readRule(main.events, name, config.busName);
        const problem = rule ? ruleProblem(rule, { target, source }) : 'does not exist';
        return problem
          ? failed(
              `The rule ${name} of bus ${config.busName} ${problem}: events of ${source} do not reach intake.`,
              PUT_BACK_MAIN,
            )
          : undefined;
      });
      return combined(await Promise.all(findings), 'Requests and events of the organization go to intake.');
    },
  },
];

const RULES = [
  [NAMES.organizationRule, 'aws.organizations'],
  [NAMES.requestRule, 'orgkeeper.request'],
] as const;

/** What is wrong with the policy of the bus, as the rest of a sentence; undefined if nothing. Pure. */
export function policyProblem(config: Config, policy: string | undefined): string | undefined {
  const { mainAccountId: main, managementAccountId: management, requesters } = config;
  const admits = (account: string, source: string, detailType: string) =>
    evaluate(
      {
        principal: { arn: `arn:${config.partition}:iam::${account}:role/anybody` },
        action: 'events:PutEvents',
        resource: arns(config).bus,
        context: { 'events:source': source, 'events:detail-type': detailType },
      },
      { identity: EVERYTHING, ...(policy ? { resource: policy } : {}) },
    ).decision === 'Allowed';
  const asks = (account: string) => admits(account, 'orgkeeper.request', 'AccountRegistrationRequested');

  if (management !== main && !admits(management, 'aws.organizations', 'AWS Service Event via CloudTrail'))
    return `does not admit events of the organization from the management account ${management}`;
  const unheard = requesters.find((account) => account !== main && !asks(account));
  if (unheard) return `does not admit requests from account ${unheard}, which is among the requesters`;
  if (asks(STRANGER) || admits(STRANGER, 'aws.organizations', 'AWS Service Event via CloudTrail'))
    return 'admits events from any account';
  return undefined;
}

const EVERYTHING = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
/** An account id that belongs to nobody. */
const STRANGER = '000000000000';

/** The parts of an EventBridge rule that are checked. */
interface SeenRule {
  readonly state: string;
  readonly pattern: Pattern;
  readonly targets: readonly string[];
}
interface Pattern {
  readonly source?: readonly unknown[];
  readonly detail?: { readonly eventName?: readonly unknown[] };
}

/** A rule of a bus (default: the default bus); undefined if it does not exist. */
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

/** Why the rule does not deliver these events to the target, as the rest of a sentence; undefined if it does. Pure. */
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
