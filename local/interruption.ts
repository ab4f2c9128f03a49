/** How often a process checks whether its parent still runs. */
const LOOK_MS = 500;

/**
 * Resolves when this process should end: on Ctrl-C, `kill` or a closed terminal, or when the command that started it has ended, such
 * as `npm start`, which forwards only some signals. Otherwise never.
 */
export function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    const parent = process.ppid;
    if (!isStartedBy(parent, process.env)) return;
    // When the parent ends, another process adopts this one, so the parent's id changes.
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, LOOK_MS).unref();
  });
}

/**
 * Whether the parent is npm, npx or cli/own-node.mjs, which only run this process; not a shell, which may end first (`nohup`). Pure.
 */
function isStartedBy(parent: number, environment: NodeJS.ProcessEnv): boolean {
  return environment.npm_lifecycle_event !== undefined || environment.ORGKEEPER_STARTED_BY === String(parent);
}
