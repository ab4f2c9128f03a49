import { z } from 'zod';
import { memberTemplate } from '../../controllers/fleet/member-template.ts';
import { OWN_POLICY } from '../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { actionsOf, REGION_COMMANDS } from '../../shared/aws/actions.ts';
import type { PolicyKind } from '../../shared/policy/evaluate.ts';
import { parsePolicy } from '../../shared/policy/index.ts';
import { aConfig, aRecord, MEMBER } from './factories.ts';
import { fits, inWords, type JourneyRecord, type Misfit, order } from './permission-record.ts';
import { misfits, SESSIONS } from './permissions.ts';
import { shippedBaseline } from './shipped-baseline.ts';

/** What runs did in members, by access roles and execution roles, held to what the owner of an account grants by the member template. */

/** Actions that runs may need, and those that the owner of an account grants them. */
export interface MemberGrants {
  /** The policy `orgkeeper` of the member template of the shipped baseline, as text, in the account of `aRecord`. */
  readonly template: string;
  /** By that policy, or by what a kind declares that the shipped baseline does not have. */
  readonly declared: readonly string[];
}

type Use = JourneyRecord['uses'][number];

/** What the member template and the kinds grant now. */
export function memberGrants(): MemberGrants {
  const of = { record: aRecord(), baseline: shippedBaseline(), kinds, config: aConfig() };
  const { template } = memberTemplate(of);
  const [own] = Object.values(template.Resources).flatMap((one) => OwnPolicy.safeParse(one).data ?? []);
  const document = JSON.stringify(own?.Properties.PolicyDocument, (_, value) =>
    typeof value?.['Fn::Sub'] === 'string' ? value['Fn::Sub'].replace('${AWS::AccountId}', MEMBER) : value,
  );
  const commands = kinds.flatMap(({ permissions: { read, write } }) => [...read, ...write]);
  const granted = parsePolicy(document).Statement.flatMap(({ Action = [] }) => Action);
  return {
    template: document,
    declared: [...granted, ...actionsOf([...commands, ...Object.values(REGION_COMMANDS)])],
  };
}

const OwnPolicy = z.object({
  Properties: z.object({ PolicyName: z.literal(OWN_POLICY), PolicyDocument: z.unknown() }),
});

/**
 * What a run was denied, or did although no kind declares it, so that no owner grants it; and what owners grant and no run used, or
 * what is wider than the uses. Pure.
 */
export function memberMisfits(
  records: readonly JourneyRecord[],
  { template, declared }: MemberGrants,
): Misfit[] {
  const uses = new Map<JourneyRecord, Use[]>();
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
        uses.set(record, [...(uses.get(record) ?? []), byTemplate(use, template)]);
        if (declared.includes(action)) continue;
      } else if (refusal?.explicit !== false || !isLacking(refusal.by, action, own?.document)) continue;
      const what = `${action} on ${spoken(resource)}`;
      lacking.set(what, { principal: SESSIONS, is: 'used and not granted', what });
    }
  }
  const granted = { [SESSIONS]: { identity: [{ name: OWN_POLICY, document: template }], boundary: [] } };
  const used = records.map((record) => ({ ...record, granted, uses: uses.get(record) ?? [] }));
  return [...misfits(used), ...lacking.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The use as one of a session that has the policy of the template. Pure. */
function byTemplate(use: Use, template: string): Use {
  const resource = use.resource.replace(/(?<=^arn:(?:[^:]*:){3})\d{12}(?=:)/, MEMBER);
  const by = parsePolicy(template).Statement.flatMap(({ Action = [], Resource = [] }, index) =>
    Action.some((one) => fits(one.toLowerCase(), use.action.toLowerCase())) &&
    Resource.some((one) => fits(one, resource))
      ? [{ kind: 'identity' as const, policy: OWN_POLICY, index }]
      : [],
  );
  return { ...use, principal: SESSIONS, resource, by };
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
