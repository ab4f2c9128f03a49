import { devNull } from 'node:os';

/** What keeps an SDK from looking for settings anywhere but in its environment. */
export const NO_AWS_FILES = {
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;

/**
 * This environment without the AWS settings of whoever has it: a profile or an endpoint of theirs is none of the local
 * runtime's business, and would lead its calls elsewhere. Pure.
 */
export function withoutAws(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), ...NO_AWS_FILES };
}

/** Takes the AWS settings of whoever started it off this process. */
export function leaveAws(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, NO_AWS_FILES);
}
