import { devNull } from 'node:os';

/** Settings that make an SDK read only its environment. */
export const NO_AWS_FILES = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/**
 * The environment without the user's AWS settings: their profile or endpoint would send the local runtime's calls elsewhere. Pure.
 */
export function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), ...NO_AWS_FILES };
}

/** Removes the user's AWS settings from this process. */
export function leaveAws(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, NO_AWS_FILES);
}
