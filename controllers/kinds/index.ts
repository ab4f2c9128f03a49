import { accountAlias } from './account-alias/kind.ts';
import { assumeGrants } from './assume-grants/kind.ts';
import { bucketAccess } from './bucket-access/kind.ts';
import { clusters } from './clusters/kind.ts';
import { executionRole } from './execution-role/kind.ts';
import type { AnyKind } from './kind.ts';
import { network } from './network/kind.ts';
import { parameters } from './parameters/kind.ts';
import { publicAccessBlock } from './public-access-block/kind.ts';
import { roles } from './roles/kind.ts';

/** Every kind, in the order in which a run applies them unless one needs another's outputs. */
export const kinds: readonly AnyKind[] = [
  executionRole,
  roles,
  assumeGrants,
  accountAlias,
  publicAccessBlock,
  network,
  bucketAccess,
  parameters,
  clusters,
];
