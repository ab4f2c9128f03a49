import { randomUUID } from 'node:crypto';
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient, SNSServiceException } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import type { Asker, Permits, ServicePrincipal } from './authorization/authorizer.ts';
import { keysOfService } from './authorization/request-keys.ts';
import { administratorOf, type Caller, serviceSession } from './callers.ts';
import type { Deliveries } from './deliveries.ts';
import { matchesPattern } from './event-pattern.ts';
import type { Iam } from './iam.ts';
import { remembered } from './iam.ts';
import { kindOfTarget, targetInput } from './rule-targets.ts';
import type { KnownCall } from './shim.ts';
import type { Upstream } from './upstream.ts';
import { isRead, parseObject } from './wire.ts';

type Fields = Record<string, unknown>;

/** An event bus by its address. */
export interface BusAddress {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** An event as its receiver sees it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Fields;
}

export interface BusesDeps {
  readonly upstream: Upstream;
  readonly iam: Iam;
  readonly permits: Permits;
  readonly deliveries: Deliveries;
}

/**
 * Carries out the rules of the buses that the emulator stores. The emulator itself would lose the envelope of an event, and needs
 * most of a second for each event.
 */
export interface Buses {
  /** True if the bus has a rule. */
  isHeard(bus: BusAddress): Promise<boolean>;
  /** Delivers the event to the targets of every rule that it matches: queues, topics, and buses of another account. */
  deliver(bus: BusAddress, event: BusEvent): Promise<void>;
  /** Must be called after every call, to drop cached rules that the call may have changed. */
  after(call: KnownCall): void;
}

interface Rule {
  readonly arn: string;
  readonly pattern: Fields;
  readonly targets: readonly Target[];
}

const EVENTS = 'events.amazonaws.com';

/** Where an event comes from to a target. */
interface Origin {
  readonly bus: BusAddress;
  readonly rule: ServicePrincipal;
}

/** Reads rules on demand. */
export function createBuses(deps: BusesDeps): Buses {
  const { upstream } = deps;
  const rules = new Map<string, Promise<Rule[]>>();

  async function readRules({ account, region, name: EventBusName }: BusAddress): Promise<Rule[]> {
    const client = upstream.client(EventBridgeClient, { account, region });
    const { Rules = [] } = await client.send(new ListRulesCommand({ EventBusName }));
    return Promise.all(
      Rules.filter(({ State, EventPattern }) => State === 'ENABLED' && EventPattern).map(
        async ({ Arn = '', Name, EventPattern = '' }) => {
          const { Targets = [] } = await client.send(
            new ListTargetsByRuleCommand({ EventBusName, Rule: Name }),
          );
          return { arn: Arn, pattern: parseObject(Buffer.from(EventPattern)) ?? {}, targets: Targets };
        },
      ),
    );
  }

  /** The key begins with the account, so that all rules of an account can be dropped at once. */
  function rulesOf(bus: BusAddress): Promise<Rule[]> {
    return remembered(rules, `${bus.account} ${bus.region} ${bus.name}`, () => readRules(bus));
  }

  async function deliver(bus: BusAddress, event: BusEvent): Promise<void> {
    const matching = (await rulesOf(bus)).filter(({ pattern }) => matchesPattern(pattern, event));
    for (const { arn, targets } of matching) {
      const rule = { service: EVENTS, source: { arn, account: bus.account } };
      for (const target of targets) {
        if (await toTarget(target, { bus, rule }, event)) continue;
        const deadLetters = target.DeadLetterConfig?.Arn;
        if (deadLetters) await toQueue({ Id: 'DeadLetters', Arn: deadLetters }, rule, event);
      }
    }
  }

  async function toTarget(target: Target, { bus, rule }: Origin, event: BusEvent): Promise<boolean> {
    const arn = target.Arn ?? '';
    const by = target.RoleArn === undefined ? rule : await sessionOf(target.RoleArn, rule, bus);
    if (!by) return false;
    switch (kindOfTarget(arn)) {
      case 'queue': {
        const kind = `${event.source} ${event['detail-type']} ${event.account}`;
        return deps.deliveries.deliver({ queue: arn, kind, send: () => toQueue(target, by, event) });
      }
      case 'bus':
        return toBus(arn, by, bus, event);
      case 'topic':
        return toTopic(target, by, bus, event);
      case 'api-destination':
        return deps.permits(by, {
          action: 'events:InvokeApiDestination',
          resource: arn,
          context: keysOfService(EVENTS, bus.region),
        });
      case undefined:
        throw new Error(`The local runtime does not deliver events to ${arn}.`);
    }
  }

  /** False if the bus refuses the event. */
  async function toBus(arn: string, by: Asker, from: BusAddress, event: BusEvent): Promise<boolean> {
    const next = busAt(arn);
    // As on AWS, an event from another account is not forwarded to a third one.
    if (!next || event.account !== from.account) return true;
    // Without a role the policy of the other account's bus decides; within an account there must be a role.
    const itself = 'service' in by;
    if (itself && next.account === from.account) return false;
    const put = {
      action: 'events:PutEvents',
      resource: arn,
      context: {
        ...keysOfService(EVENTS, next.region),
        'events:source': event.source,
        'events:detail-type': event['detail-type'],
      },
    };
    if (!(await deps.permits(itself ? administratorOf(from.account) : by, put))) return false;
    await deliver(next, { ...event, id: randomUUID() });
    return true;
  }

  /** False if the queue refuses the event. */
  async function toQueue(target: Target, by: Asker, event: BusEvent): Promise<boolean> {
    const { Arn = '', SqsParameters } = target;
    const [, , , region = '', account = '', name = ''] = Arn.split(':');
    const send = { action: 'sqs:SendMessage', resource: Arn, context: keysOfService(EVENTS, region) };
    if (!(await deps.permits(by, send))) return false;
    const group = SqsParameters?.MessageGroupId;
    const message = {
      QueueUrl: `${upstream.endpoint()}/${account}/${name}`,
      MessageBody: targetInput(target, event),
      ...(group && { MessageGroupId: group }),
    };
    try {
      await upstream.client(SQSClient, { account, region }).send(new SendMessageCommand(message));
      return true;
    } catch (error) {
      if (error instanceof SQSServiceException) return false;
      throw error;
    }
  }

  /** False if the topic refuses the event. For topics EventBridge says of no rule, so that no condition on one holds. */
  async function toTopic(target: Target, by: Asker, bus: BusAddress, event: BusEvent): Promise<boolean> {
    const { Arn: TopicArn = '' } = target;
    const [, , , region = '', account = ''] = TopicArn.split(':');
    const itself = 'service' in by;
    if (itself && account !== bus.account) return false;
    const publish = { action: 'sns:Publish', resource: TopicArn, context: keysOfService(EVENTS, region) };
    if (!(await deps.permits(itself ? { service: by.service } : by, publish))) return false;
    const message = new PublishCommand({ TopicArn, Message: targetInput(target, event) });
    try {
      await upstream.client(SNSClient, { account, region }).send(message);
      return true;
    } catch (error) {
      if (error instanceof SNSServiceException) return false;
      throw error;
    }
  }

  /** The session of a target's role, if EventBridge may assume that. */
  async function sessionOf(
    roleArn: string,
    rule: ServicePrincipal,
    { region }: BusAddress,
  ): Promise<Caller | undefined> {
    const role = await deps.iam.role(roleArn);
    const assume = { action: 'sts:AssumeRole', resource: roleArn, context: keysOfService(EVENTS, region) };
    return role && (await deps.permits(rule, assume)) ? serviceSession(role, 'events') : undefined;
  }

  return {
    isHeard: async (bus) => (await rulesOf(bus)).length > 0,
    deliver,
    after(call) {
      if (isRead(call) || call.action === 'PutEvents') return;
      // A stack set makes rules in other accounts.
      if (call.service === 'cloudformation') rules.clear();
      if (call.service !== 'events') return;
      for (const key of rules.keys()) if (key.startsWith(`${call.caller.account} `)) rules.delete(key);
    },
  };
}

/** The bus that the ARN names; undefined if the ARN names something else. */
export function busAt(arn: string): BusAddress | undefined {
  const [, region, account, name] = /^arn:[\w-]+:events:([\w-]+):(\d{12}):event-bus\/(.+)$/.exec(arn) ?? [];
  return region && account && name ? { region, account, name } : undefined;
}
