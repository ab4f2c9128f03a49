/** How often a process looks whether the one that started it is still there. */
const LOOK_MS = 500;

/**
 * Resolves once this process is asked to end: by Ctrl-C, `kill` or a terminal that closes, or because the command that
 * started it is gone, such as `npm start`, which passes on some signals and cannot pass on a kill. Never resolves otherwise.
 */
export function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    const parent = process.ppid;
    if (!isStartedBy(parent, process.env)) return;
    // Its number changes when the parent ends: somebody else adopts this process.
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, LOOK_MS).unref();
  });
}

/**
 * Whether the parent only runs this process for somebody, and is no shell that may well end before it (`nohup`): npm, npx,
 * or cli/own-node.mjs. Pure.
 */
function isStartedBy(parent: number, environment: NodeJS.ProcessEnv): boolean {
  return environment.npm_lifecycle_event !== undefined || environment.ORGKEEPER_STARTED_BY === String(parent);
}
