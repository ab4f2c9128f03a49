import { setImmediate } from 'node:timers/promises';
import { eventually } from '../../controllers/engine/retry.ts';
import type { KindAccount, WritingContext } from '../../controllers/kinds/kind.ts';
import { type MemberClients, memberClients } from '../../shared/aws/member-clients.ts';
import type { AnyClient } from '../../shared/aws/watch.ts';
import { type TestClock, testClock } from './clock.ts';
import { MAIN, MEMBER } from './factories.ts';
import { type Answer, answering } from './sdk.ts';

/** The account as a kind sees it, entered through the organization's role. */
export const memberAccount: KindAccount = {
  accountId: MEMBER,
  partition: 'aws',
  region: 'eu-west-1',
  owner: MAIN,
};

/** One call that a kind sent. Calls that were in flight at the same time have the same step. */
export interface SentCall {
  /** `CreateVpc`. */
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The step, from 1: the number of times that the kind had waited for answers, plus one. */
  readonly step: number;
}

/** The context of a kind in an account in memory, and what the kind did with it. */
export interface FakeContext {
  readonly context: WritingContext;
  readonly sent: readonly SentCall[];
  /** The outputs that the kind recorded; undefined: removed. */
  readonly outputs: Record<string, string | undefined>;
  /** The differences that the kind reported as written: `resource path`. */
  readonly written: readonly string[];
}

/** The context of a kind, in an account whose services give these answers. Its clients translate errors like those of a run. */
export function kindContext(
  answers: readonly Answer[],
  {
    account = memberAccount,
    recorded = {},
    clock = testClock(),
    elsewhere = {},
  }: {
    account?: KindAccount;
    recorded?: Readonly<Record<string, string>>;
    clock?: TestClock;
    /** By region: other answers in that one. */
    elsewhere?: Readonly<Record<string, readonly Answer[]>>;
  } = {},
): FakeContext {
  const sent: SentCall[] = [];
  let step = 1;
  const note = ({ command, answer }: Answer): Answer => ({
    command,
    answer: async (input: never) => {
      const call: SentCall = { name: command.replace(/Command$/, ''), input, step };
      sent.push(call);
      // All calls that are sent at once are sent before the first is answered.
      await setImmediate();
      step = Math.max(step, call.step + 1);
      return answer(input);
    },
  });
  const outputs: Record<string, string | undefined> = { ...recorded };
  const written: string[] = [];
  const context: WritingContext = {
    account,
    clients: Object.defineProperty(memberAnswering(...answers.map(note)), 'inRegion', {
      value: (region: string) => memberAnswering(...(elsewhere[region] ?? answers).map(note)),
    }),
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

/** Clients of a member account whose services give these answers. */
export function memberAnswering(...answers: readonly Answer[]): MemberClients {
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const real = memberClients({ credentials, region: 'eu-west-1' });
  const clients = {};
  for (const name of Object.keys(real) as Exclude<keyof MemberClients, 'inRegion'>[]) {
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
