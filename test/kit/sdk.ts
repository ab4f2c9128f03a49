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

/**
 * The client, which sends nothing any more: its commands are answered here. Middleware that is added to it works as ever.
 * A command that no answer was given for throws.
 */
export function answering<C extends AnyClient>(client: C, ...answers: readonly Answer[]): C {
  return answeringAll(client, (command, input) => {
    const found = answers.find((one) => one.command === command);
    if (!found) throw new Error(`nobody expected ${command}`);
    return found.answer(input as never);
  });
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
