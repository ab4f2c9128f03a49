import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { Main } from '../../shared/aws/main-clients.ts';

type Item = Record<string, unknown>;
interface Input {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeValues?: Item;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly Entries?: readonly { readonly DetailType: string; readonly Detail: string }[];
  readonly TransactItems?: readonly { readonly Put?: { readonly Item: Item } }[];
  readonly MessageBody?: string;
}
interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Input;
}

/** Table, bus and queues in memory, as far as intake, passes and the brake ask for them. */
export interface FakeMain {
  readonly main: Main;
  /** Events put, in order. */
  readonly put: { readonly detailType: string; readonly detail: Item }[];
  /** Messages for the sweep function and for the one that creates accounts. */
  readonly swept: unknown[];
}

/** A Main that holds these items. An update is answered with the attributes given, as if they were the item. */
export function fakeMain(items: readonly Item[], updated: Item = {}): FakeMain {
  const held = new Map(items.map((item) => [keyOf(item), item]));
  const put: FakeMain['put'] = [];
  const swept: unknown[] = [];
  const client = {
    async send({ constructor: { name }, input }: Command): Promise<unknown> {
      switch (name) {
        case 'GetCommand':
          return { Item: held.get(keyOf(input.Key)) };
        case 'BatchGetCommand':
          return {
            Responses: { t: input.RequestItems?.t?.Keys.flatMap((key) => held.get(keyOf(key)) ?? []) },
          };
        case 'PutCommand':
          if (input.ConditionExpression?.startsWith('attribute_not_exists') && held.has(keyOf(input.Item)))
            throw new ConditionalCheckFailedException({ message: 'it is there', $metadata: {} });
          held.set(keyOf(input.Item), input.Item ?? {});
          return {};
        case 'TransactWriteCommand':
          for (const { Put } of input.TransactItems ?? []) if (Put) held.set(keyOf(Put.Item), Put.Item);
          return {};
        case 'UpdateCommand':
          return { Attributes: updated };
        case 'QueryCommand': {
          const wanted = input.ExpressionAttributeValues?.[':pk'];
          return { Items: [...held.values()].filter(({ pk }) => pk === wanted) };
        }
        case 'PutEventsCommand':
          for (const { DetailType, Detail } of input.Entries ?? [])
            put.push({ detailType: DetailType, detail: JSON.parse(Detail) });
          return { Entries: input.Entries?.map(() => ({ EventId: 'sent' })) };
        case 'SendMessageCommand':
          swept.push(JSON.parse(input.MessageBody ?? ''));
          return {};
        default:
          throw new Error(`nobody expected ${name}`);
      }
    },
  };
  const main = {
    table: { documents: client, name: 't' },
    bus: { eventBridge: client, name: 'orgkeeper' },
    work: { sqs: client, url: 'work.fifo' },
    sweep: { sqs: client, url: 'sweep' },
    creation: { sqs: client, url: 'creation' },
  };
  return { main: main as unknown as Main, put, swept };
}

function keyOf(item: Item | undefined): string {
  return `${item?.pk} ${item?.sk}`;
}
