import { setImmediate } from 'node:timers/promises';
import { eventually } from '../../controllers/engine/retry.ts';
import type { KindAccount, WritingContext } from '../../controllers/kinds/kind.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import type { AnyClient } from '../../shared/aws/watch.ts';
import { type TestClock, testClock } from './clock.ts';
import { MAIN, MEMBER } from './factories.ts';
import { type Answer, answering } from './sdk.ts';

/** The account as a kind sees it, entered by way of the organization. */
export const memberAccount: KindAccount = {
  accountId: MEMBER,
  partition: 'aws',
  region: 'eu-west-1',
  owner: MAIN,
};

/** One call that was sent, and the calls that were in flight with it: those of the same step. */
export interface SentCall {
  /** `CreateVpc`. */
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** How often the kind had waited for an answer before, from 1 on. */
  readonly step: number;
}

/** What a kind works with in an account in memory, and what came of it. */
export interface FakeContext {
  readonly context: WritingContext;
  readonly sent: readonly SentCall[];
  /** What is recorded by now; undefined: forgotten. */
  readonly outputs: Record<string, string | undefined>;
  /** Differences that were written: `resource path`. */
  readonly written: readonly string[];
}

/** What a kind works with, of an account whose services answer so; its clients translate errors as those of a run do. */
export function kindContext(
  answers: readonly Answer[],
  {
    account = memberAccount,
    recorded = {},
    clock = testClock(),
  }: { account?: KindAccount; recorded?: Readonly<Record<string, string>>; clock?: TestClock } = {},
): FakeContext {
  const sent: SentCall[] = [];
  let step = 1;
  const noted = answers.map(
    ({ command, answer }): Answer => ({
      command,
      answer: async (input: never) => {
        const call: SentCall = { name: command.replace(/Command$/, ''), input, step };
        sent.push(call);
        // All that is sent at once is sent before the first answer comes.
        await setImmediate();
        step = Math.max(step, call.step + 1);
        return answer(input);
      },
    }),
  );
  const outputs: Record<string, string | undefined> = { ...recorded };
  const written: string[] = [];
  const context: WritingContext = {
    account,
    clients: memberAnswering(...noted),
    get recorded() {
      const known = Object.entries(outputs).filter((entry): entry is [string, string] => !!entry[1]);
      return Object.fromEntries(known);
    },
    now: clock.now,
    record: (more) => Object.assign(outputs, more),
    wrote: (differences) =>
      written.push(...differences.map(({ resource, path }) => `${resource} ${path}`.trim())),
    eventually: (call, alsoWhen) => eventually(call, clock, alsoWhen),
  };
  return { context, sent, outputs, written };
}

/** Clients of a member account whose services answer so. */
export function memberAnswering(...answers: readonly Answer[]): MemberClients {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const real = memberClients({ credentials, region: 'eu-west-1' });
  const clients = {};
  for (const name of Object.keys(real) as (keyof MemberClients)[]) {
    let client: AnyClient | undefined;
    Object.defineProperty(clients, name, {
      get: () => {
        client ??= answering<AnyClient>(real[name], ...answers);
        return client;
      },
    });
  }
  return clients as MemberClients;
}
