import { createHash } from 'node:crypto';
import type { AllowedBy, Decision } from './authorizer.ts';

/** What a principal did or tried, and how often, for the report of permissions. */
export interface Use {
  /** The role or user; of a service its name. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** The condition keys that the call brought. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly allowed: boolean;
  readonly by: readonly AllowedBy[];
  readonly refusal?: Decision['refusal'];
}

/** The decisions since the start, each different use once. */
export interface Usage {
  add(decision: Decision): void;
  list(): readonly Use[];
}

/** Nothing yet. */
export function createUsage(): Usage {
  const uses = new Map<string, Use>();
  return {
    add({ principal, check: { action, resource, context }, allowed, by, refusal }) {
      const told = Object.entries(context).filter(([key]) => !CHANGES_ALWAYS.test(key));
      const use = {
        principal,
        action,
        resource,
        context: Object.fromEntries(told),
        allowed,
        by,
        ...(refusal && { refusal }),
      };
      const key = createHash('sha1').update(JSON.stringify(use)).digest('base64');
      if (!uses.has(key)) uses.set(key, use);
    },
    list: () => [...uses.values()],
  };
}

/** Of each call another, and nothing that a permission is about. */
const CHANGES_ALWAYS = /^aws:(CurrentTime|EpochTime|TokenIssueTime|UserAgent|Source(Ip|Vpc\w*|Port))$/i;
