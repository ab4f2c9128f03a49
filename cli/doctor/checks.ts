import { baseline } from './baseline.ts';
import type { Check } from './check.ts';
import { events } from './events.ts';
import { functions } from './functions.ts';
import { messages } from './messages.ts';
import { organization } from './organization.ts';
import { roles } from './roles.ts';
import { trail } from './trail.ts';

/** Every check of a deployment, in the order in which it is told. That there is a deployment comes before them. */
export const checks: readonly Check[] = [
  ...roles,
  ...organization,
  ...trail,
  ...events,
  ...functions,
  ...messages,
  ...baseline,
];
