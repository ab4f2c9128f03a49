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

/** Runs a call whose failure is translated already; it may be run again. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * The same client, with every failure translated (shared/aws/translate-error.ts) and every call told to `onCall`
 * before it is sent; a retry by the SDK is not told again.
 */
export function watch<T extends AnyClient>(
  client: T,
  { name, inMember }: { readonly name: string; readonly inMember?: InMember },
  { onCall, around = (call) => call() }: { onCall?: (call: ObservedCall) => void; around?: Around } = {},
): T {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const called = (context.commandName ?? 'Unknown').replace(/Command$/, '');
      const command = `${name}:${called}`;
      onCall?.({ command, writes: !isRead(called) });
      return around(() => translateErrors(command, () => next(args), inMember));
    },
    { step: 'initialize', name: 'orgkeeperWatch', priority: 'high' },
  );
  return client;
}
