import { afterEach, jest } from '@jest/globals';
import type { AnyClient } from '../../shared/aws/watch.ts';

/** The answer of a fake client to one command. */
export interface Answer {
  /** Name of the command's class. */
  readonly command: string;
  readonly answer: (input: never) => unknown;
}

type CommandClass = abstract new (input: never) => object;
type Input<Class> = Class extends abstract new (input: infer I) => unknown ? I : never;
type Output<Class extends CommandClass> =
  InstanceType<Class> extends {
    resolveMiddleware(...args: never[]): (args: never) => Promise<{ output: infer O }>;
  }
    ? O
    : never;
type Answered<Class extends CommandClass> = Partial<Output<Class>> | undefined;

/** Computes the answer to a command; may throw an error of AWS, and may be asynchronous. */
export function on<Class extends CommandClass>(
  command: Class,
  answer: (input: Input<Class>) => Answered<Class> | Promise<Answered<Class>>,
): Answer {
  return { command: command.name, answer };
}

/** Answers these commands with an empty answer. */
export function accepting(...commands: readonly CommandClass[]): Answer[] {
  return commands.map((command) => on(command, () => undefined));
}

/** One answer for several commands, by the names with which kinds declare them (`iam:GetRole`). */
export function onEach<Input extends object>(
  calls: readonly string[],
  answer: (call: string, input: Input) => unknown,
): Answer[] {
  return calls.map((call) => ({
    command: `${call.slice(call.indexOf(':') + 1)}Command`,
    answer: (input: Input) => answer(call, input),
  }));
}

/** An error as a client of the SDK throws it, with its name. */
export function awsError(name: string, message = `AWS says ${name}`): Error {
  return Object.assign(new Error(message), { name });
}

/** The commands of the current test without an answer. The test fails for them, even if the calling code catches the error. */
export const unexpected: string[] = [];

afterEach(() => {
  const commands = unexpected.splice(0);
  if (commands.length > 0) throw new Error(`nobody expected ${commands.join(', ')}`);
});

/**
 * Makes a client answer its commands itself and send nothing: with the first answer that matches a command. Middleware that is added
 * to the client still runs. A command without an answer throws, and fails the test.
 */
export function answering<C extends AnyClient>(client: C, ...answers: readonly Answer[]): C {
  return answeringAll(client, (command, input) => answered(answers, command, input));
}

/**
 * The same for every client of a class, for code that makes its own clients; until `jest.restoreAllMocks`. Middleware does not run.
 * `onClient` is called with the client of each command.
 */
export function answeringEvery(
  clients: { readonly prototype: { send(...args: never[]): unknown } },
  answers: readonly Answer[],
  onClient: (client: unknown) => void = () => undefined,
): void {
  jest.spyOn(clients.prototype, 'send').mockImplementation(async function (this: unknown, command: object) {
    onClient(this);
    return answered(answers, command.constructor.name, (command as { input?: unknown }).input);
  } as never);
}

function answered(answers: readonly Answer[], command: string, input: unknown): unknown {
  const found = answers.find((one) => one.command === command);
  if (found) return found.answer(input as never);
  unexpected.push(command);
  throw new Error(`nobody expected ${command}`);
}

/**
 * The same, but each attempt of a call has its answer: a client with credentials retries what it retries of AWS, and pauses before.
 * The answer of AWS to a client that asks too often is the error `Throttling`.
 */
export function answeringAttempts<C extends AnyClient>(client: C, ...answers: readonly Answer[]): C {
  client.middlewareStack.add(
    (_, { commandName = '' }) =>
      async ({ input }) => {
        const output = await answered(answers, commandName, input);
        return { response: {}, output: { $metadata: {}, ...(output as object | undefined) } };
      },
    // After the SDK's retries, which repeat what follows them.
    { step: 'finalizeRequest', priority: 'low' },
  );
  return client;
}

/** The same as `answering`, with one function for all commands. */
export function answeringAll<C extends AnyClient>(
  client: C,
  answer: (command: string, input: unknown) => unknown,
): C {
  client.middlewareStack.add(
    (_, { commandName = '' }) =>
      async ({ input }) => ({ response: {}, output: (await answer(commandName, input)) ?? {} }),
    { step: 'initialize', priority: 'low' },
  );
  return client;
}
