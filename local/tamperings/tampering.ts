import type { Difference } from '../../shared/domain/status.ts';
import {
  type AccountClients,
  type Administrator,
  clientsIn,
  type Ids,
  type World,
} from '../account-world.ts';

/** Somebody in an account, and what they find there. */
export interface Hand extends AccountClients {
  readonly accountId: string;
  readonly ids: Ids;
}

/** One thing that somebody does by hand in an account of the baseline `analytics`, and what Orgkeeper must say of it. */
export interface Tampering {
  /** As the AWS CLI calls it. */
  readonly command: string;
  /** Which of the accounts: what one command does must not hide what another did. */
  readonly account: 'edited' | 'emptied' | 'untagged';
  readonly tamper: (hand: Hand) => Promise<unknown>;
  /** What of the account it changes. */
  readonly changes: (world: World) => unknown;
  /** In its path, `ACCOUNT` stands for the account's id. */
  readonly difference: Pick<Difference, 'kind' | 'resource' | 'path' | 'action'> & Values;
}
/** Both sides of a difference, if the list says them. */
export type Values = Pick<Difference, 'desired' | 'actual'>;

/** The hand of an account's administrator. */
export function handIn(administrator: Administrator, accountId: string, ids: Ids): Hand {
  return { ...clientsIn(administrator, accountId), accountId, ids };
}
