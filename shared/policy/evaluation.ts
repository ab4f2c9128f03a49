import type { Naming } from './who.ts';

/** A statement that decided, and where it stands. */
export interface Deciding {
  readonly kind: Kind;
  /** `identity[0]`: the first of the identity policies given. */
  readonly policy: string;
  readonly index: number;
  readonly sid?: string;
}

/** What AWS would answer, and why. */
export interface Evaluation {
  readonly decision: 'Allowed' | 'ExplicitDeny' | 'ImplicitDeny';
  /** The statement that decided; none for an implicit deny, which is the lack of one. */
  readonly decidedBy?: Deciding;
  /** All statements that together decided: an Allow may need one in each of several policies. */
  readonly statements: readonly Deciding[];
  /** One sentence for people. */
  readonly reason: string;
}

export type Kind = 'identity' | 'boundary' | 'session' | 'resource' | 'trust';

/** A statement that is about the request, and how it names who asks. */
export interface Found extends Deciding {
  readonly effect: 'Allow' | 'Deny';
  readonly naming?: Naming;
}
