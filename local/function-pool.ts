import { randomUUID } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { InvocationOutcome, Invoke, WorkerStart } from './lambda-worker.ts';

/** A deployed function. */
export interface HostedFunction {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** The bundle with the handler. */
  readonly file: string;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs the invocations of one function; like in Lambda, an environment runs one invocation at a time. */
export interface FunctionPool {
  /** Never rejects: crashes and timeouts are returned as errors. */
  invoke(event: unknown): Promise<InvocationOutcome>;
  /** Ends every busy environment, as if it ran out of memory. Returns their number. */
  kill(): Promise<number>;
  stop(): Promise<void>;
}

/** The surroundings of a pool: credentials and log. */
export interface PoolDeps {
  /** The variables that Lambda sets: region, credentials of the role. Called once for each environment. */
  readonly runtimeEnvironment: (hosted: HostedFunction) => Record<string, string>;
  /** Receives each line of output of the function, or of the host about it. */
  readonly log: (functionName: string, line: string) => void;
}

interface Environment {
  readonly worker: Worker;
  readonly startedAt: number;
  settle: ((outcome: InvocationOutcome) => void) | undefined;
}

/** Environments are replaced long before their credentials expire. */
const RENEWED_AFTER_MS = 60 * 60_000;

/** A pool; the first invocations start its environments. */
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
