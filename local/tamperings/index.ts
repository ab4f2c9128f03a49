import { ofExecutionRole } from './execution-role.ts';
import { ofNetwork } from './network.ts';
import { ofParameters } from './parameters.ts';
import type { Tampering } from './tampering.ts';

/**
 * What people change by hand: the one list. The demo shows a part of it; the journeys try all of it on whole accounts, and the
 * conformance suite the part of each kind.
 */
export const TAMPERINGS: readonly Tampering[] = [...ofExecutionRole, ...ofNetwork, ...ofParameters];
