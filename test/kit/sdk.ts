import { afterEach, jest } from '@jest/globals';
import type { AnyClient } from '../../shared/aws/watch.ts';

/** What a fake of a client answers to one command. */
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

/** The answer to a command, which may be thrown, and may come later. */
export function on<Class extends CommandClass>(
  command: Class,
  answer: (input: Input<Class>) => Answered<Class> | Promise<Answered<Class>>,
): Answer {
  return { command: command.name, answer };
}

/** Commands that are carried out, and answered with nothing. */
export function accepting(...commands: readonly CommandClass[]): Answer[] {
  return commands.map((command) => on(command, () => undefined));
}

/** One answer for several commands, by their names as kinds declare them (`iam:GetRole`). */
export function onEach<Input extends object>(
  calls: readonly string[],
  answer: (call: string, input: Input) => unknown,
): Answer[] {
  return calls.map((call) => ({
    command: `${call.slice(call.indexOf(':') + 1)}Command`,
    answer: (input: Input) => answer(call, input),
  }));
}

/** An error as a client of the SDK throws it: known by its name. */
export function awsError(name: string, message = `AWS says ${name}`): Error {
  return Object.assign(new Error(message), { name });
}

/** Commands that no answer was given for, of the test that runs: it fails, also where the code that called survives the error. */
export const unexpected: string[] = [];

afterEach(() => {
  const commands = unexpected.splice(0);
  if (commands.length > 0) throw new Error(`nobody expected ${commands.join(', ')}`);
});

/**
 * The client, which sends nothing any more: its commands are answered here, by the first answer that there is for one.
 * Middleware that is added to it works as ever. A command that no answer was given for throws, and fails the test.
 */
export function answering<C extends AnyClient>(client: C, ...answers: readonly Answer[]): C {
  return answeringAll(client, (command, input) => answered(answers, command, input));
}

/**
 * The same for every client of a class, for code that makes its clients itself; until `jest.restoreAllMocks`. Their middleware
 * does not run. `onClient` is told of each client that a command is sent with.
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

/** As `answering`, with one function for all commands. */
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
