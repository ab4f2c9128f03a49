import { randomUUID } from 'node:crypto';
import { type Operation, operationOf } from '../authorization/operations.ts';
import type { Buses } from '../buses.ts';
import type { Caller } from '../callers.ts';
import { errorOf, eventName, requestParameters, responseElements } from '../cloudtrail.ts';
import { servingRegion } from '../protocol.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { isRead, NoAnswer, type Reply } from '../wire.ts';
import { putServiceEvent, type ServiceEvent } from './put-events.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'has no CloudTrail, so calls cause no events',
  here: 'each write, successful or refused, is an event `AWS API Call via CloudTrail` on the default bus of its account and region; reads, data events and calls of CloudFormation are not',
};

/** Data events, on the contents of resources, which a trail does not record by default. */
const DATA_EVENTS: Readonly<Record<string, RegExp>> = {
  dynamodb:
    /^(PutItem|UpdateItem|DeleteItem|BatchWriteItem|TransactWriteItems|\w*ExecuteStatement|ExecuteTransaction)$/,
  events: /^PutEvents$/,
  lambda: /^Invoke/,
  s3: /Objects?$|Object(Acl|Tagging|Retention|LegalHold|Content)$|Upload|Part/,
  sns: /^Publish/,
  sqs: /^(SendMessage|ReceiveMessage|DeleteMessage|ChangeMessageVisibility)(Batch)?$/,
};

/**
 * Puts the event of each write after its answer. The caller does not wait for it (on AWS an event takes minutes). For a bus
 * without rules no event is made.
 */
export function apiCallEventsShim(buses: Buses): Shim {
  async function tell(call: KnownCall, reply: Reply): Promise<void> {
    const operation = operationOf(call);
    if (!isTold(operation)) return;
    const bus = { account: call.caller.account, region: servingRegion(call), name: 'default' };
    if (await buses.isHeard(bus)) await putServiceEvent(buses, bus, apiCall(call, operation, reply));
  }

  return {
    async answer(call, next) {
      const reply = await next(call);
      if (isRead(call)) return reply;
      tell(call, reply).catch((error: Error) => {
        // CloudTrail may lose an event, so the call does not fail. A rule that cannot be carried out causes a warning.
        if (!(error instanceof NoAnswer)) process.emitWarning(error);
      });
      return reply;
    },
  };
}

/** False for a call that is not an operation of AWS, and for reads and data events. */
function isTold({ service, name }: Operation): boolean {
  return !isRead({ service, action: name }) && !name.includes(' ') && !DATA_EVENTS[service]?.test(name);
}

function apiCall(call: KnownCall, operation: Operation, reply: Reply): ServiceEvent {
  const { service, caller, headers } = call;
  return {
    source: `aws.${service}`,
    detailType: 'AWS API Call via CloudTrail',
    detail: {
      eventVersion: '1.11',
      userIdentity: userIdentity(call, caller),
      eventTime: `${new Date().toISOString().slice(0, 19)}Z`,
      eventSource: `${service}.amazonaws.com`,
      eventName: eventName(operation),
      awsRegion: servingRegion(call),
      sourceIPAddress: call.sourceIp,
      userAgent: headers['user-agent'] ?? '',
      ...errorOf(operation, reply),
      requestParameters: requestParameters(operation),
      responseElements: responseElements(operation, reply),
      requestID: requestIdOf(reply),
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: caller.account,
      eventCategory: 'Management',
    },
  };
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function userIdentity({ accessKeyId }: KnownCall, { account, arn, userId, session }: Caller): object {
  const who = { principalId: userId, arn, accountId: account, accessKeyId };
  const nameIn = (of: string) => of.split('/').at(-1) ?? '';
  if (!session) {
    if (arn.endsWith(':root')) return { type: 'Root', ...who };
    return { type: 'IAMUser', ...who, userName: nameIn(arn) };
  }
  const { roleId, roleArn, issuedAt } = session;
  const sessionIssuer = {
    type: 'Role',
    principalId: roleId,
    arn: roleArn,
    accountId: account,
    userName: nameIn(roleArn),
  };
  return {
    type: 'AssumedRole',
    ...who,
    sessionContext: {
      sessionIssuer,
      attributes: { creationDate: issuedAt.toISOString(), mfaAuthenticated: 'false' },
    },
  };
}

function requestIdOf({ headers, body }: Reply): string {
  const inXml = () => /<request_?id>([^<]+)</i.exec(body.toString('utf8'))?.[1];
  return headers['x-amzn-requestid'] ?? headers['x-amz-request-id'] ?? inXml() ?? randomUUID();
}
