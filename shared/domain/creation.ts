import { isDeepStrictEqual } from 'node:util';
import type { Cause } from './cause.ts';
import type { CreationRequest } from './requests.ts';

/** Where a request for an account stands. */
export type CreationStage =
  /**
   * Not asked of AWS yet. `turnAt`: its turn, once it has one. `refusals`: how often AWS said "not now".
   * `deniedSince`: when AWS first denied it, and has done nothing else since.
   */
  | {
      readonly is: 'waiting';
      readonly turnAt?: string;
      readonly refusals: number;
      readonly deniedSince?: string;
    }
  /** Being asked of AWS, or asked by somebody who crashed: AWS may have heard it or not. */
  | { readonly is: 'calling'; readonly calledAt: string }
  /** AWS is at it. `looks`: how often it was asked how far it is. */
  | { readonly is: 'creating'; readonly creationId: string; readonly looks: number }
  /** The account is there; it is moved and registered next. */
  | { readonly is: 'created'; readonly creationId: string; readonly accountId: string }
  | { readonly is: 'registered'; readonly creationId: string; readonly accountId: string }
  | { readonly is: 'failed'; readonly creationId?: string; readonly reason: string };

/** One request for an account, from the asking to the end. */
export interface Creation {
  readonly schemaVersion: 1;
  /** What makes two requests the same one. */
  readonly key: string;
  /** Counts the saves; each save is conditional on the one that was read. */
  readonly version: number;
  readonly request: CreationRequest;
  readonly stage: CreationStage;
  /** The event that asked; everything that follows names it as its cause. */
  readonly cause: Cause;
  /** ISO time of that event. */
  readonly askedAt: string;
  /** When to look at it again; absent once it is over. */
  readonly dueAt?: string;
  /** What it waits for, why it failed, or what could not be done: one sentence. */
  readonly message?: string;
}

/** The tag by which an account is known to have been asked for. */
export const REQUEST_TAG = 'orgkeeper:request';

/** The key of a request: its id, or the email where there is none, whose case AWS does not tell apart. */
export function creationKey({ requestId, email }: Pick<CreationRequest, 'requestId' | 'email'>): string {
  return requestId ?? email.toLowerCase();
}

/** A key as the value of a tag, which may not hold every character of an email. Two keys never become one. */
export function tagValue(key: string): string {
  return key.replace(/[^\w.:/+@-]/g, (character) => `=${character.charCodeAt(0).toString(16)}`);
}

/** The key that a value of the tag stands for. */
export function keyOfTag(value: string): string {
  return value.replace(/=([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether two requests ask for the same. */
export function sameRequest(one: CreationRequest, other: CreationRequest): boolean {
  return isDeepStrictEqual(withoutAbsent(one), withoutAbsent(other));
}

/** A new request, due at once. */
export function askedFor(request: CreationRequest, cause: Cause, time: string): Creation {
  const stage: CreationStage = { is: 'waiting', refusals: 0 };
  const key = creationKey(request);
  return { schemaVersion: 1, key, version: 1, request, stage, cause, askedAt: time, dueAt: time };
}

function withoutAbsent(request: CreationRequest): Record<string, unknown> {
  return JSON.parse(JSON.stringify(request));
}
