import type { MiddlewareStack } from '@smithy/types';
import { type InMember, translateErrors } from './translate-error.ts';

/** One call to AWS, as it is counted. */
export interface ObservedCall {
  /** `iam:GetRole`: the service, and the SDK's name of the call; IAM may have another (shared/aws/actions.ts). */
  readonly command: string;
  readonly writes: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: every client of the SDK, whatever its inputs and outputs
type AnyStack = MiddlewareStack<any, any>;
/** A client of the SDK. */
export interface AnyClient {
  readonly middlewareStack: AnyStack;
}

/** True for the names of calls that change nothing. */
function isRead(called: string): boolean {
  return /^(Get|List|Describe|Simulate|BatchGet|Query)/.test(called);
}

/** Runs what it is given, and may wait before, or run it again. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

interface WatchOptions {
  /** Called before each call is sent; not again for a retry by the SDK. A throw fails the call. */
  readonly onCall?: (call: ObservedCall) => void;
  /** Called before each attempt, retries included. A throw fails the call, which is not retried then. */
  readonly onAttempt?: (call: ObservedCall) => void;
  /** Sends each attempt, retries included. */
  readonly aroundAttempt?: Around;
  /** Runs each call, whose failure is translated already. */
  readonly around?: Around;
}

/**
 * The same client, with every failure translated (shared/aws/translate-error.ts) and every call and attempt observed.
 */
export function watch<T extends AnyClient>(
  client: T,
  { name, inMember }: { readonly name: string; readonly inMember?: InMember },
  { onCall, onAttempt, aroundAttempt = (send) => send(), around = (call) => call() }: WatchOptions = {},
): T {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const call = callOf(name, context.commandName);
      onCall?.(call);
      return around(() => translateErrors(call.command, () => next(args), inMember));
    },
    { step: 'initialize', name: 'orgkeeperWatch', priority: 'high' },
  );
  client.middlewareStack.add(
    (next, context) => (args) =>
      aroundAttempt(async () => {
        // Last of all: what is true before a wait may be false afterwards.
        onAttempt?.(callOf(name, context.commandName));
        return next(args);
      }),
    // After the SDK's retries, which repeat what follows them.
    { step: 'finalizeRequest', name: 'orgkeeperAttempt', priority: 'low' },
  );
  return client;
}

function callOf(service: string, commandName = 'Unknown'): ObservedCall {
  const called = commandName.replace(/Command$/, '');
  return { command: `${service}:${called}`, writes: !isRead(called) };
}
