import { AccessDenied, AccountNotReady } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { PolicyInput } from '../../shared/policy/document.ts';
import type { AnyKind } from '../kinds/kind.ts';

/** What became of one kind in a pass. */
export interface KindOutcome {
  readonly kind: AnyKind;
  /** Of what stands in another region than the account's. */
  readonly region?: string;
  /** Written, or with action `reported` when nothing was to be written; those that are blocked included. */
  readonly differences: readonly Difference[];
  /** What others added within ours. */
  readonly unowned: readonly Difference[];
  /** What should be known whatever the state. */
  readonly warnings?: readonly string[];
  readonly state:
    | { readonly is: 'inDesiredState'; readonly note?: string }
    /** Differs, and was left so: why. */
    | { readonly is: 'held' }
    | { readonly is: 'blocked'; readonly reason: string; readonly message: string }
    | { readonly is: 'pending'; readonly message: string; readonly retryAfterSeconds: number }
    | { readonly is: 'failed'; readonly error: unknown }
    /** Of a retiring account: nothing of ours is there any more, or what is there stays. */
    | { readonly is: 'removed'; readonly reason: 'Removed' | 'Left'; readonly message: string };
  /** Of the kind that verifies access: the role that stands, else the one that is wanted, and the trust policy that stands now; `none` without a role. */
  readonly role?: { readonly arn: string; readonly trust: PolicyInput | 'none' };
  /** Of that kind, when it changed whom the role admits, or may have: puts the trust back that admitted us before. */
  readonly restore?: () => Promise<void>;
}

/** The session may be one that was opened before the role was changed, or deleted and made again. */
export function isShutOut({ state }: KindOutcome): boolean {
  if (state.is !== 'failed') return false;
  const { error } = state;
  return (
    error instanceof AccessDenied ||
    (error instanceof AccountNotReady && error.reason === 'CredentialsUnknown')
  );
}
