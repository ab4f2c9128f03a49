import { AsyncLocalStorage } from 'node:async_hooks';
import { STSClient } from '@aws-sdk/client-sts';
import type { AnyClient } from '../../shared/aws/watch.ts';

/** One attempt of a call, as AWS sees it. */
export interface Attempt {
  /** `ec2:DescribeVpcs`. */
  readonly call: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of the SDK's commands, each of its own type
  readonly input: any;
  /** The account whose credentials signed it. */
  readonly accountId: string;
  readonly region: string;
  /** Where the code runs that calls. */
  readonly environment: Environment | undefined;
}

/** One environment of a function, as far as its calls are concerned. */
export interface Environment {
  /** Milliseconds of its processor that one call needs. */
  readonly callMs: number;
  /** When its processor is free again. */
  busyUntil: number;
  /** It was stopped: what it still calls does not leave it. */
  isStopped: boolean;
}

/** The environment in which code runs. */
export const environments = new AsyncLocalStorage<Environment>();

/** What requests to a service are signed for, by the name that the SDK's client gives itself. */
const SERVICES: Readonly<Record<string, string>> = {
  DynamoDB: 'dynamodb',
  EC2: 'ec2',
  EventBridge: 'events',
  IAM: 'iam',
  Organizations: 'organizations',
  'Resource Groups Tagging API': 'tagging',
  SQS: 'sqs',
  SSM: 'ssm',
  STS: 'sts',
};

interface Client extends AnyClient {
  readonly config: { readonly serviceId?: string };
}

interface Context {
  readonly commandName?: string;
  readonly __smithy_context?: {
    readonly selectedHttpAuthScheme?: {
      readonly identity?: { readonly accessKeyId?: string };
      readonly httpAuthOption?: { readonly signingProperties?: { readonly region?: string } };
    };
  };
  simulated?: { readonly input: unknown; answer?: object };
}

/**
 * From now on, all clients of the SDK in this process have their attempts answered by `answer`, and send nothing. All else is theirs:
 * they serialise, sign, retry and pause. Answers are data, so that only their deserialisation is left out.
 * @returns the function that ends that for new clients
 */
export function interceptClients(answer: (attempt: Attempt) => Promise<object>): () => void {
  // The class that all clients extend.
  const { prototype } = Object.getPrototypeOf(STSClient) as {
    prototype: { send: (...args: never[]) => unknown };
  };
  const { send } = prototype;
  const known = new WeakSet<object>();
  prototype.send = function (this: Client, ...args: never[]) {
    if (!known.has(this.middlewareStack)) {
      known.add(this.middlewareStack);
      intercept(this, answer);
    }
    return send.apply(this, args);
  };
  return () => {
    prototype.send = send;
  };
}

function intercept({ middlewareStack, config }: Client, answer: (attempt: Attempt) => Promise<object>): void {
  const service = SERVICES[config.serviceId ?? ''] ?? `${config.serviceId}`;
  middlewareStack.add(
    (next, context) => async (args) => {
      const simulated: Context['simulated'] = { input: args.input };
      Object.assign(context, { simulated });
      const result = await next(args);
      const { $metadata } = result.output as { $metadata: object };
      return { ...result, output: { ...simulated.answer, $metadata } };
    },
    { step: 'initialize', priority: 'low', name: 'simulated' },
  );
  middlewareStack.add(
    (_, context) => async () => {
      const { commandName = '', simulated = { input: {} }, __smithy_context: smithy } = context as Context;
      const { identity, httpAuthOption } = smithy?.selectedHttpAuthScheme ?? {};
      simulated.answer = await answer({
        call: `${service}:${commandName.replace(/Command$/, '')}`,
        input: simulated.input,
        accountId: (identity?.accessKeyId ?? '').slice(4, 16),
        region: httpAuthOption?.signingProperties?.region ?? '',
        environment: environments.getStore(),
      });
      return { response: {}, output: { $metadata: {} } };
    },
    // After the SDK's retries, which repeat what follows them, and after what our clients ask of an attempt.
    { step: 'finalizeRequest', priority: 'low', name: 'simulatedAttempt' },
  );
}
