import { z } from 'zod';
import { memberTemplate } from '../../controllers/fleet/member-template.ts';
import { OWN_POLICY } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { actionsOf, REGION_COMMANDS } from '../../shared/aws/actions.ts';
import type { PolicyKind } from '../../shared/policy/evaluate.ts';
import { parsePolicy } from '../../shared/policy/index.ts';
import { aConfig, aRecord } from './factories.ts';
import { inWords, type JourneyRecord, type Misfit, order } from './permission-record.ts';
import { shippedBaseline } from './shipped-baseline.ts';

/** What runs did in members, by access roles and execution roles, held to what the owner of an account grants by the member template. */

/** Actions that runs may need, and those that the owner of an account grants them. */
export interface MemberGrants {
  /** By the policy `orgkeeper` of the member template of the shipped baseline. */
  readonly template: readonly string[];
  /** By that policy, or by what a kind declares that the shipped baseline does not have. */
  readonly declared: readonly string[];
}

const SESSIONS = 'MEMBER sessions of runs';

/** What the member template and the kinds grant now. */
export function memberGrants(): MemberGrants {
  const of = { record: aRecord(), baseline: shippedBaseline(), kinds, config: aConfig() };
  const { template } = memberTemplate(of);
  const ours = Object.values(template.Resources).map((one) => OwnPolicy.safeParse(one).data?.Properties);
  const statements = ours.flatMap((policy) => policy?.PolicyDocument.Statement ?? []);
  const commands = kinds.flatMap(({ permissions: { read, write } }) => [...read, ...write]);
  const granted = statements.flatMap(({ Action }) => Action);
  return {
    template: granted,
    declared: [...granted, ...actionsOf([...commands, ...Object.values(REGION_COMMANDS)])],
  };
}

const OwnPolicy = z.object({
  Properties: z.object({
    PolicyName: z.literal(OWN_POLICY),
    PolicyDocument: z.object({ Statement: z.array(z.object({ Action: z.array(z.string()) })) }),
  }),
});

/**
 * What a run was denied, or did although no kind declares it, so that no owner grants it; and what owners grant and no run used. By
 * actions: the policy names no resource but the execution role. Pure.
 */
export function memberMisfits(
  records: readonly JourneyRecord[],
  { template, declared }: MemberGrants,
): Misfit[] {
  const used = new Set<string>();
  const lacking = new Map<string, Misfit>();
  for (const record of records) {
    if (record.main === record.management) continue;
    const spoken = inWords(record);
    for (const use of record.uses) {
      const { principal, action, resource, by, refusal } = use;
      if (!/^MEMBER role\//.test(spoken(principal))) continue;
      const own = record.granted[principal]?.identity.find(({ name }) => name === OWN_POLICY);
      if (use.allowed) {
        // What else a session of an execution role does is the work of whoever may assume it.
        const isRun = by.some(({ kind, policy }) => kind === 'session' || policy === OWN_POLICY);
        if (!isRun) continue;
        used.add(action);
        if (declared.includes(action)) continue;
      } else if (refusal?.explicit !== false || !isLacking(refusal.by, action, own?.document)) continue;
      const what = `${action} on ${spoken(resource)}`;
      lacking.set(what, { principal: SESSIONS, is: 'used and not granted', what });
    }
  }
  const unused = template.filter((action) => !used.has(action));
  return [
    ...unused.map((what) => ({ principal: SESSIONS, is: 'granted and never used' as const, what })),
    ...lacking.values(),
  ].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Whether a run lacks what it was denied: in its session, or in the policy that its role has for runs at the end. */
function isLacking(by: PolicyKind, action: string, own: string | undefined): boolean {
  if (by !== 'identity') return by === 'session';
  // A role that its owner made by hand is told what it lacks; a policy that a test had taken away is back at the end.
  if (own === undefined) return false;
  return !parsePolicy(own).Statement.some(
    ({ Effect, Action = [] }) => Effect === 'Allow' && Action.includes(action),
  );
}
