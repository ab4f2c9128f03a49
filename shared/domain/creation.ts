import { isDeepStrictEqual } from 'node:util';
import type { Cause } from './cause.ts';
import type { CreationRequest } from './requests.ts';

/** The state of a request for an account. */
export type CreationStage =
  /**
   * Not requested from AWS yet. `turnAt`: when it may be requested, once known. `refusals`: how often AWS throttled it.
   * `deniedSince`: since when AWS has denied every try.
   */
  | {
      readonly is: 'waiting';
      readonly turnAt?: string;
      readonly refusals: number;
      readonly deniedSince?: string;
    }
  /** CreateAccount is being called, or the caller has crashed: AWS may have received the call or not. */
  | { readonly is: 'calling'; readonly calledAt: string }
  /** AWS is creating the account. `looks`: how often its state was polled. */
  | { readonly is: 'creating'; readonly creationId: string; readonly looks: number }
  /** The account exists; it is moved and registered next. */
  | { readonly is: 'created'; readonly creationId: string; readonly accountId: string }
  | { readonly is: 'registered'; readonly creationId: string; readonly accountId: string }
  | { readonly is: 'failed'; readonly creationId?: string; readonly reason: string };

/** One request for an account, from its event to its end. */
export interface Creation {
  readonly schemaVersion: 1;
  /** Two requests with the same key are one request. */
  readonly key: string;
  /** Counts the saves; each save is conditional on the one that was read. */
  readonly version: number;
  readonly request: CreationRequest;
  readonly stage: CreationStage;
  /** The event of the request; everything that follows from it names it as its cause. */
  readonly cause: Cause;
  /** ISO time of that event. */
  readonly askedAt: string;
  /** When to advance it next; absent once it is finished. */
  readonly dueAt?: string;
  /** One sentence: what it waits for, why it failed, or what could not be done. */
  readonly message?: string;
}

/** The tag of an account that holds the key of its request. */
export const REQUEST_TAG = 'orgkeeper:request';

/** The key of a request: its id, or its email in lower case, since AWS ignores the case. */
export function creationKey({ requestId, email }: Pick<CreationRequest, 'requestId' | 'email'>): string {
  return requestId ?? email.toLowerCase();
}

/** A key encoded as the value of a tag, which does not allow all characters of an email. Reversible. */
export function tagValue(key: string): string {
  return key.replace(/[^\w.:/+@-]/g, (character) => `=${character.charCodeAt(0).toString(16)}`);
}

/** The key that the value of a tag encodes. */
export function keyOfTag(value: string): string {
  return value.replace(/=([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether two requests have the same content. */
export function sameRequest(one: CreationRequest, other: CreationRequest): boolean {
  return isDeepStrictEqual(withoutAbsent(one), withoutAbsent(other));
}

/** A new request, due immediately. */
export function askedFor(request: CreationRequest, cause: Cause, time: string): Creation {
  const stage: CreationStage = { is: 'waiting', refusals: 0 };
  const key = creationKey(request);
  return { schemaVersion: 1, key, version: 1, request, stage, cause, askedAt: time, dueAt: time };
}

function withoutAbsent(request: CreationRequest): Record<string, unknown> {
  return JSON.parse(JSON.stringify(request));
}
