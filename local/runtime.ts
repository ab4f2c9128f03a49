import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deploy, type LocalDeployment } from './deploy.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { organizationOf } from './gateway/organization.ts';
import { type LambdaHost, startLambdaHost } from './lambda-host.ts';
import { makeOldAccount } from './old-account.ts';
import { leaveAws } from './own-environment.ts';
import { publishShippedBaselines } from './shipped-baselines.ts';
import { surround } from './surroundings.ts';

/** Options of the local runtime, all optional. */
export interface RuntimeOptions {
  /** Port of the gateway; 0 chooses a free one. */
  readonly port?: number;
  /** Main is the management account. */
  readonly sameAccount?: boolean;
  /** The Main account, such as a member of an existing organization. */
  readonly main?: string;
  readonly region?: string;
  /** Endpoint of a running emulator, to use instead of starting one. */
  readonly emulator?: string;
  /** Whether a new organization holds an account from before Orgkeeper (local/old-account.ts). Default false. */
  readonly oldAccount?: boolean;
  /** Folder for state, logs and an installed emulator; default: `.orgkeeper` of the project. */
  readonly directory?: string;
  /** Folder of bundled functions; default: the controllers are bundled. */
  readonly functionsDir?: string;
  /** More CDK context. */
  readonly context?: Record<string, unknown>;
  /** Runs after the deployment, before `startRuntime` resolves. Default: publishes the shipped baselines. */
  readonly afterDeploy?: (runtime: Runtime) => Promise<void>;
  /** Receives progress, line by line. */
  readonly say?: (line: string) => void;
  /** Whether `local env` finds this runtime. Default true. */
  readonly announce?: boolean;
}

/** A running local runtime: Orgkeeper deployed into an emulator. */
export interface Runtime {
  /** The endpoint of the gateway, for AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly accounts: { readonly main: string; readonly management: string };
  readonly organizationId: string;
  readonly gateway: Gateway;
  readonly emulator: Emulator;
  readonly host: LambdaHost;
  /** The log file of the functions. */
  readonly logFile: string;
  /** Resolves with a sentence if the emulator ends or loses its state; otherwise never. */
  readonly lost: Promise<string>;
  /** Ends everything that was started. */
  stop(): Promise<void>;
}

/** The state file of a runtime, which `local env` reads. */
export interface RuntimeState {
  readonly endpoint: string;
  readonly region: string;
  readonly accounts: Runtime['accounts'];
  readonly pid: number;
}

/** The default port of `local start`. */
export const DEFAULT_PORT = 4510;
const PROJECT_STATE = fileURLToPath(new URL('../.orgkeeper', import.meta.url));
const MANAGEMENT = '210987654321';
const MAIN = '345678901234';
const WATCH_MS = 2000;

/**
 * Starts emulator and gateway, deploys the stacks, hosts the functions. On failure, rejects with a sentence and ends everything that
 * it started. Removes the user's AWS settings from this process.
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  leaveAws();
  const {
    port = DEFAULT_PORT,
    region = 'eu-west-1',
    directory = PROJECT_STATE,
    say = () => undefined,
  } = options;
  const accounts = {
    management: MANAGEMENT,
    main: options.sameAccount ? MANAGEMENT : (options.main ?? MAIN),
  };
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    // Binds the port first, so that a port in use fails immediately and not after a minute of installation.
    const gateway = await startGateway({ port });
    undo.push(() => gateway.close());
    const how = options.emulator ? `Using the emulator at ${options.emulator} …` : 'Starting the emulator …';
    say(`Gateway at ${gateway.endpoint}. ${how}`);
    const emulator = await startEmulator({
      directory,
      say,
      ...(options.emulator ? { endpoint: options.emulator } : {}),
    });
    undo.push(() => emulator.stop());
    gateway.connect(emulator);
    if (options.oldAccount) await makeOldAccount(gateway, accounts.management);
    say(`Emulator at ${emulator.endpoint}. Deploying the stacks …`);
    const deploying = join(directory, 'deployments', new URL(gateway.endpoint).port);
    undo.push(beforeExit(() => rmSync(deploying, { recursive: true, force: true })));
    const deployment = await deploy({
      endpoint: gateway.endpoint,
      region,
      ...accounts,
      directory: deploying,
      ...(options.functionsDir ? { functionsDir: options.functionsDir } : {}),
      ...(options.context ? { context: options.context } : {}),
    });
    await surround(gateway.endpoint, deployment, accounts.management);
    const logFile = join(directory, 'logs', `functions-${new URL(gateway.endpoint).port}.log`);
    const log = logTo(logFile);
    const host = await startLambdaHost(mainStackOf(deployment), { gateway, log });
    undo.push(() => host.stop());
    gateway.host(host);
    const watching = watch(gateway, accounts.management, deployment.organizationId);
    undo.push(watching.stop);
    const runtime: Runtime = {
      endpoint: gateway.endpoint,
      region,
      accounts,
      organizationId: deployment.organizationId,
      gateway,
      emulator,
      host,
      logFile,
      lost: Promise.race([emulator.lost, watching.lost]),
      stop,
    };
    await (options.afterDeploy ?? publishShippedBaselines)(runtime);
    gateway.recorder.clear();
    if (options.announce ?? true) {
      const state: RuntimeState = { endpoint: gateway.endpoint, region, accounts, pid: process.pid };
      const file = join(directory, 'runtime.json');
      writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`);
      undo.push(beforeExit(() => withdraw(file, state)));
    }
    return runtime;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The running local runtime. @throws a sentence if there is none */
export function readRuntimeState(directory: string = PROJECT_STATE): RuntimeState {
  const none = 'No local runtime is running. Start one with: npm start';
  let state: RuntimeState;
  try {
    state = JSON.parse(readFileSync(join(directory, 'runtime.json'), 'utf8'));
    process.kill(state.pid, 0);
  } catch (error) {
    throw new Error(none, { cause: error });
  }
  return state;
}

/** Work that is done when this process exits, unless it was done before. */
function beforeExit(step: () => void): () => void {
  process.once('exit', step);
  return () => {
    process.removeListener('exit', step);
    step();
  };
}

/** Deletes the state file, unless another runtime has written its own since. */
function withdraw(file: string, state: RuntimeState): void {
  try {
    if (JSON.parse(readFileSync(file, 'utf8')).pid === state.pid) rmSync(file);
  } catch {
    // The file is already deleted.
  }
}

function mainStackOf({ stacks }: LocalDeployment) {
  const main = stacks.find(({ template }) =>
    Object.values(template.Resources).some(({ Type }) => Type === 'AWS::Lambda::Function'),
  );
  if (!main) throw new Error('No stack has functions.');
  return main;
}

function logTo(file: string): (functionName: string, line: string) => void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  return (name, line) => appendFileSync(file, `${new Date().toISOString()} ${name} ${line}\n`);
}

/** Checks that the organization still exists. Waits for an emulator that does not answer. */
function watch(gateway: Gateway, management: string, organizationId: string) {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const lost = new Promise<string>((resolve) => {
    const look = async () => {
      const found = await organizationOf(gateway.upstream, management).catch(() => ({ Id: organizationId }));
      if (stopped) return;
      if (found?.Id === organizationId) timer = setTimeout(look, WATCH_MS).unref();
      else resolve('The emulator lost its state: it was restarted or reset. Start the local runtime again.');
    };
    timer = setTimeout(look, WATCH_MS).unref();
  });
  return {
    lost,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
