import { parentPort, workerData } from 'node:worker_threads';

/** The start parameters of a worker. */
export interface WorkerStart {
  /** `file:` URL of the bundle. */
  readonly module: string;
  /** Name of the exported handler. */
  readonly handler: string;
}

/** A message to the worker: one invocation. */
export interface Invoke {
  readonly requestId: string;
  readonly event: unknown;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMegabytes: number;
  readonly deadline: number;
}

/** A message from the worker: the outcome of an invocation. */
export type InvocationOutcome = { readonly result: unknown } | { readonly error: string };

const port = parentPort;
if (!port) throw new Error('This file is a worker of the local Lambda host.');

const { module: file, handler: name } = workerData as WorkerStart;
const handler = ((await import(file)) as Record<string, unknown>)[name];
if (typeof handler !== 'function') throw new Error(`${file} exports no ${name}.`);
port.on('message', async (invoke: Invoke) => {
  const context = {
    awsRequestId: invoke.requestId,
    functionName: invoke.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: invoke.functionArn,
    memoryLimitInMB: String(invoke.memoryMegabytes),
    logGroupName: `/aws/lambda/${invoke.functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => invoke.deadline - Date.now(),
  };
  try {
    const result: unknown = await handler(invoke.event, context);
    port.postMessage({ result: result === undefined ? null : JSON.parse(JSON.stringify(result)) });
  } catch (error) {
    port.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
