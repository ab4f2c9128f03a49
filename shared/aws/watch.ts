import type { MiddlewareStack } from '@smithy/types';
import { translateErrors } from './translate-error.ts';

/** One call to AWS, as it is counted: `iam:GetRole`. */
export interface ObservedCall {
  readonly action: string;
  readonly writes: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: every client of the SDK, whatever its inputs and outputs
type AnyStack = MiddlewareStack<any, any>;

/** True for the names of calls that change nothing. */
function isRead(command: string): boolean {
  return /^(Get|List|Describe|Simulate|BatchGet|Query)/.test(command);
}

/** Runs a call whose failure is translated already; it may be run again. */
export type Around = <T>(call: () => Promise<T>) => Promise<T>;

/**
 * The same client, with every failure translated (shared/aws/translate-error.ts) and every call told to `onCall`
 * before it is sent; a retry by the SDK is not told again.
 */
export function watch<T extends { middlewareStack: AnyStack }>(
  client: T,
  service: string,
  { onCall, around = (call) => call() }: { onCall?: (call: ObservedCall) => void; around?: Around } = {},
): T {
  client.middlewareStack.add(
    (next, context) => (args) => {
      const command = (context.commandName ?? 'Unknown').replace(/Command$/, '');
      onCall?.({ action: `${service}:${command}`, writes: !isRead(command) });
      return around(() => translateErrors(`${service}:${command}`, () => next(args)));
    },
    { step: 'initialize', name: 'orgkeeperWatch', priority: 'high' },
  );
  return client;
}
