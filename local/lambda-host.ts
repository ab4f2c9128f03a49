import { join } from 'node:path';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import type { TemplateResource } from './adapt-template.ts';
import type { DeployedStack } from './deploy.ts';
import { type EventSource, runEventSource } from './event-source.ts';
import { type FunctionPool, functionPool, type HostedFunction } from './function-pool.ts';
import { keysOfService } from './gateway/authorization/request-keys.ts';
import { serviceSession } from './gateway/callers.ts';
import type { Gateway } from './gateway/gateway.ts';
import { isObject } from './gateway/wire.ts';
import { NO_AWS_FILES } from './own-environment.ts';
import { localQueue, permittedQueue } from './queue-client.ts';
import { runSchedules, schedulesOf } from './schedules.ts';

/** The running functions of a stack. */
export interface LambdaHost {
  readonly functions: readonly HostedFunction[];
  /** Invokes a function directly. */
  invoke(functionName: string, event: unknown): ReturnType<FunctionPool['invoke']>;
  /** Ends every busy environment of the function. Returns their number. */
  kill(functionName: string): Promise<number>;
  stop(): Promise<void>;
}

/** Maximum number of environments: more would only wait for the emulator, which answers one call at a time. */
const MAXIMUM_ENVIRONMENTS = 8;
const LAMBDA = 'lambda.amazonaws.com';
const TWELVE_HOURS = 12 * 3600;

/**
 * Hosts the functions of the stack as deployed in the emulator, from the synthesised assets; polls their queues and fires their
 * schedules. Each function has the credentials of its own role. Rejects if a function's role is missing.
 */
export async function startLambdaHost(
  stack: DeployedStack,
  deps: { gateway: Gateway; log: (functionName: string, line: string) => void },
): Promise<LambdaHost> {
  const { gateway, log } = deps;
  const functions = await functionsOf(stack, gateway);
  const roles = new Map<string, FunctionRole>();
  for (const hosted of functions) roles.set(hosted.name, await functionRole(hosted, gateway));
  const roleOf = (functionName: string) => {
    const role = roles.get(functionName);
    if (!role) throw new Error(`There is no function ${functionName}.`);
    return role;
  };
  const runtimeEnvironment = (hosted: HostedFunction): Record<string, string> => {
    const session = gateway.callers.issue(roleOf(hosted.name), hosted.name, TWELVE_HOURS);
    return {
      PATH: process.env.PATH ?? '',
      ...NO_AWS_FILES,
      TZ: ':UTC',
      AWS_ENDPOINT_URL: gateway.endpoint,
      AWS_REGION: stack.region,
      AWS_DEFAULT_REGION: stack.region,
      AWS_ACCESS_KEY_ID: session.accessKeyId,
      AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
      AWS_SESSION_TOKEN: session.sessionToken,
      AWS_LAMBDA_FUNCTION_NAME: hosted.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(hosted.memoryMegabytes),
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${hosted.name}`,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      _HANDLER: hosted.handler,
    };
  };
  const pools = new Map(
    functions.map((hosted) => [
      hosted.name,
      functionPool(hosted, {
        runtimeEnvironment,
        // What a function may not write to its log group is lost, as on AWS.
        log: (name, line) => void (roleOf(name).writesLogs && log(name, line)),
      }),
    ]),
  );
  const sources = (await eventSourcesOf(stack, gateway)).flatMap((source) => {
    const pool = pools.get(source.functionName);
    if (!pool) return [];
    // A mapping polls and deletes as a session of the function's role.
    const role = serviceSession(roleOf(source.functionName), source.functionName);
    const may = (action: string) =>
      gateway.permits(role, {
        action,
        resource: source.queueArn,
        context: keysOfService(LAMBDA, stack.region),
      });
    const queue = permittedQueue(localQueue(gateway.upstream, source.queueArn), may);
    gateway.mappings.hosted(source.id);
    const enabled = () => gateway.mappings.enabled(source.id);
    return [runEventSource(source, { queue, pool, region: stack.region, enabled })];
  });
  const schedules = runSchedules(schedulesOf(stack), stack, gateway);
  const poolOf = (functionName: string) => {
    const pool = pools.get(functionName);
    if (!pool) throw new Error(`There is no function ${functionName}.`);
    return pool;
  };
  return {
    functions,
    invoke: async (functionName, event) => poolOf(functionName).invoke(event),
    kill: async (functionName) => poolOf(functionName).kill(),
    async stop() {
      schedules.stop();
      const stopping = sources.map((source) => source.stop());
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
      await Promise.race([
        Promise.all(stopping),
        new Promise((resolve) => setTimeout(resolve, 1000).unref()),
      ]);
    },
  };
}

/** A role that Lambda takes for a function. */
interface FunctionRole {
  readonly arn: string;
  readonly id: string;
  readonly writesLogs: boolean;
}

/** Lambda takes the role, if its trust lets Lambda, and writes the function's log as it. */
async function functionRole(
  { name, arn, roleArn }: HostedFunction,
  { iam, permits }: Gateway,
): Promise<FunctionRole> {
  const role = await iam.role(roleArn);
  if (!role) throw new Error(`The role ${roleArn} of the function ${name} does not exist.`);
  const [, partition, , region = '', account = ''] = arn.split(':');
  const lambda = { service: LAMBDA, source: { arn, account } };
  const context = keysOfService(LAMBDA, region);
  if (!(await permits(lambda, { action: 'sts:AssumeRole', resource: roleArn, context }))) {
    throw new Error(`Lambda may not take the role ${roleArn} of the function ${name}.`);
  }
  const resource = `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${name}:log-stream:local`;
  const session = serviceSession(role, name);
  const writes = await Promise.all(
    ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) =>
      permits(session, { action, resource, context }),
    ),
  );
  return { arn: role.arn, id: role.id, writesLogs: writes.every(Boolean) };
}

async function functionsOf(stack: DeployedStack, gateway: Gateway): Promise<HostedFunction[]> {
  const lambda = gateway.upstream.client(LambdaClient, stack);
  const resources = Object.values(stack.template.Resources).filter(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  return Promise.all(
    resources.map(async (resource) => {
      const name = String(resource.Properties?.FunctionName);
      const deployed = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
      return {
        name,
        arn: String(deployed.FunctionArn),
        roleArn: String(deployed.Role),
        handler: String(deployed.Handler),
        file: join(assetOf(stack, resource), `${String(deployed.Handler).split('.')[0]}.mjs`),
        timeoutSeconds: Number(deployed.Timeout),
        memoryMegabytes: Number(deployed.MemorySize),
        environment: deployed.Environment?.Variables ?? {},
      };
    }),
  );
}

async function eventSourcesOf(stack: DeployedStack, gateway: Gateway): Promise<EventSource[]> {
  const lambda = gateway.upstream.client(LambdaClient, stack);
  const { EventSourceMappings: mappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
  return mappings.map((mapping) => ({
    id: String(mapping.UUID),
    queueArn: String(mapping.EventSourceArn),
    functionName: String(mapping.FunctionArn).split(':').at(-1) ?? '',
    batchSize: Number(mapping.BatchSize),
    maximumConcurrency: Math.min(
      mapping.ScalingConfig?.MaximumConcurrency ?? MAXIMUM_ENVIRONMENTS,
      MAXIMUM_ENVIRONMENTS,
    ),
    reportsItemFailures: (mapping.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
  }));
}

function assetOf(stack: DeployedStack, resource: TemplateResource): string {
  const code = resource.Properties?.Code;
  const hash = isObject(code) ? String(code.S3Key).split('.')[0] : undefined;
  const folder = hash && stack.assets.get(hash);
  if (!folder)
    throw new Error(`The template of ${stack.name} names an asset that was not synthesised: ${hash}.`);
  return folder;
}
