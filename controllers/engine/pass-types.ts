import type { Access } from '../../shared/aws/access.ts';
import type { Main } from '../../shared/aws/main-clients.ts';
import type { MemberClients, MemberClientsOptions } from '../../shared/aws/member-clients.ts';
import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import type { UnreadableItem } from '../../shared/domain/errors.ts';
import type { AccountStatus, Home, Leftover } from '../../shared/domain/status.ts';
import type { WorkMessage } from '../../shared/domain/work.ts';
import type { AccountItems } from '../../shared/store/accounts.ts';
import type { AnyKind } from '../kinds/kind.ts';
import type { LoadBaseline } from './desired.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Workplace } from './observe-kinds.ts';
import type { Turn } from './turn.ts';

/** What every pass of this function works with; `clients` stand in for those of the SDK in tests. */
export interface PassDeps {
  readonly config: Config;
  readonly main: Main;
  readonly access: Access;
  readonly kinds: readonly AnyKind[];
  readonly loadBaseline: LoadBaseline;
  readonly clients?: (options: MemberClientsOptions) => MemberClients;
}

/** What asks for a pass: one message, and how long there is time for it. */
export interface PassRequest {
  readonly message: WorkMessage;
  readonly sentAt: Date;
  /** When the function ends. */
  readonly until: Date;
  /** Renews the lease while the pass works; without it, a lease holds until the function ends. */
  readonly heartbeat?: Heartbeat;
  /** The message will not come again: what fails for a passing reason is parked with a due time. */
  readonly lastReceive: boolean;
}

/** What became of a pass. What failed for good is in the status, and the message is done. */
export type PassOutcome =
  | { readonly did: 'skipped'; readonly why: string }
  /** An item of the account cannot be read: nothing was looked at. */
  | { readonly did: 'stopped'; readonly item: UnreadableItem }
  /** `retry`: something failed for a reason that will pass; the message should come again. */
  | {
      readonly did: 'passed';
      readonly status: AccountStatus;
      /** From its event on, of an account that is ready for the first time. */
      readonly secondsToReady?: number;
      readonly retry?: unknown;
    };

/** Where what the outputs of an account name stands, and what desired state no longer has. A pass changes it. */
export interface Stands {
  home: Home | undefined;
  leftovers: readonly Leftover[];
}

/** One pass under way. */
export interface Pass {
  readonly id: string;
  readonly startedAt: Date;
  readonly request: PassRequest;
  readonly record: AccountRecord;
  readonly before: AccountStatus | undefined;
  readonly control: AccountItems['control'];
  readonly place: Workplace;
  /** Where what the outputs name stands, and what desired state no longer has; saved with the outputs. */
  readonly stands: Stands;
  readonly turn: Turn;
  readonly calls: { reads: number; writes: number };
}
