import { randomUUID } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { InvocationOutcome, Invoke, WorkerStart } from './lambda-worker.ts';

/** A function as it was deployed. */
export interface HostedFunction {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Bundle that the handler is in. */
  readonly file: string;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs invocations of one function, each environment one at a time, as Lambda does. */
export interface FunctionPool {
  /** Never rejects: a crash and a time-out are errors too. */
  invoke(event: unknown): Promise<InvocationOutcome>;
  /** Ends every environment that is at work, as when it runs out of memory; how many these were. */
  kill(): Promise<number>;
  stop(): Promise<void>;
}

/** Where a pool gets credentials from and where its output goes. */
export interface PoolDeps {
  /** The environment that Lambda itself sets: region, credentials of the role. Asked once an environment. */
  readonly runtimeEnvironment: (hosted: HostedFunction) => Record<string, string>;
  /** A line that the function wrote, or that the host says of it. */
  readonly log: (functionName: string, line: string) => void;
}

interface Environment {
  readonly worker: Worker;
  readonly startedAt: number;
  settle: ((outcome: InvocationOutcome) => void) | undefined;
}

/** Credentials of a Lambda environment end after hours: it is replaced long before. */
const RENEWED_AFTER_MS = 60 * 60_000;

/** A pool without environments: the first invocations start them. */
export function functionPool(hosted: HostedFunction, deps: PoolDeps): FunctionPool {
  const idle: Environment[] = [];
  const all = new Set<Environment>();
  const log = (line: string) => deps.log(hosted.name, line);

  function start(): Environment {
    const data: WorkerStart = {
      module: pathToFileURL(hosted.file).href,
      handler: hosted.handler.split('.').at(-1) ?? '',
    };
    const worker = new Worker(fileURLToPath(new URL('./lambda-worker.ts', import.meta.url)), {
      workerData: data,
      env: { ...deps.runtimeEnvironment(hosted), ...hosted.environment },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdout: true,
      stderr: true,
    });
    const environment: Environment = { worker, startedAt: Date.now(), settle: undefined };
    all.add(environment);
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => log(text.trimEnd()));
    }
    worker.on('message', (outcome: InvocationOutcome) => environment.settle?.(outcome));
    worker.on('error', (error: unknown) =>
      end(environment, `crashed: ${error instanceof Error ? error.stack : error}`),
    );
    worker.on('exit', (code) => end(environment, `exited with code ${code}`));
    return environment;
  }

  function end(environment: Environment, why: string): void {
    if (!all.delete(environment)) return;
    const at = idle.indexOf(environment);
    if (at >= 0) idle.splice(at, 1);
    log(`${hosted.name} ${why}; a new environment takes the next message.`);
    environment.settle?.({ error: why });
  }

  return {
    async invoke(event) {
      let environment = idle.pop();
      while (environment && Date.now() - environment.startedAt > RENEWED_AFTER_MS) {
        all.delete(environment);
        await environment.worker.terminate();
        environment = idle.pop();
      }
      const taken = environment ?? start();
      const deadline = Date.now() + hosted.timeoutSeconds * 1000;
      const invoke: Invoke = {
        requestId: randomUUID(),
        event,
        functionName: hosted.name,
        functionArn: hosted.arn,
        memoryMegabytes: hosted.memoryMegabytes,
        deadline,
      };
      const outcome = await new Promise<InvocationOutcome>((resolve) => {
        taken.settle = resolve;
        const timer = setTimeout(() => {
          end(taken, `timed out after ${hosted.timeoutSeconds} s`);
          void taken.worker.terminate();
        }, deadline - Date.now());
        timer.unref();
        taken.settle = (settled) => {
          clearTimeout(timer);
          resolve(settled);
        };
        taken.worker.postMessage(invoke);
      });
      taken.settle = undefined;
      if (all.has(taken)) idle.push(taken);
      if ('error' in outcome) log(`${hosted.name} failed: ${outcome.error}`);
      return outcome;
    },
    async kill() {
      const atWork = [...all].filter((environment) => !idle.includes(environment));
      for (const environment of atWork) end(environment, 'was killed');
      await Promise.all(atWork.map(({ worker }) => worker.terminate()));
      return atWork.length;
    },
    async stop() {
      const environments = [...all];
      all.clear();
      idle.length = 0;
      for (const { settle } of environments) settle?.({ error: 'the local runtime ends' });
      await Promise.all(environments.map(({ worker }) => worker.terminate()));
    },
  };
}
