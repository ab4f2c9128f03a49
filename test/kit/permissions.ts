import type { NamedPolicy } from '../../local/gateway/iam.ts';
import { NAMES, ORGANIZATION_ROLES } from '../../shared/deployment/names.ts';
import { parsePolicy } from '../../shared/policy/index.ts';
import { type ConditionValue, conditionMisfits, conditionValues, seen } from './condition-values.ts';
import { fits, inWords, type JourneyRecord, type Misfit, order } from './permission-record.ts';

/** Compares the permissions of Orgkeeper's roles, and of the people who use its command line, with those that the journeys used. */

/** An Allow statement, over all runtimes: what it grants, and what of that was used. */
interface Granted {
  readonly principal: string;
  readonly statement: string;
  readonly actions: Map<string, boolean>;
  readonly resources: Map<string, boolean>;
  /** Values that its conditions compare with, by how the report tells them. */
  readonly conditions: Map<string, ConditionValue>;
  /** True if a use named a resource. */
  named: boolean;
  used: boolean;
}

/** Every misfit, in the order of principals and statements. Pure. */
export function misfits(records: readonly JourneyRecord[]): Misfit[] {
  const statements = new Map<string, Granted>();
  const lacking = new Map<string, Misfit>();
  for (const record of records) {
    // If Main is the management account, its roles also have the permissions of the organization roles: test/infra compares those.
    if (record.main === record.management) continue;
    const spoken = inWords(record);
    for (const [arn, { identity }] of Object.entries(record.granted)) {
      const principal = spoken(arn);
      for (const { name, document } of isOurs(principal) ? identity : []) {
        for (const [index, one] of parsePolicy(document).Statement.entries()) {
          const { Sid, Effect, Action = [], Resource = [] } = one;
          if (Effect !== 'Allow') continue;
          const statement = Sid ?? `${name} ${index}`;
          const key = `${principal} ${statement}`;
          const known = statements.get(key) ?? {
            principal,
            statement,
            actions: new Map<string, boolean>(),
            resources: new Map<string, boolean>(),
            conditions: new Map<string, ConditionValue>(),
            named: false,
            used: false,
          };
          statements.set(key, known);
          for (const action of Action) if (!known.actions.has(action)) known.actions.set(action, false);
          for (const arn of Resource.map(spoken)) {
            if (!known.resources.has(arn)) known.resources.set(arn, false);
          }
          for (const value of conditionValues(one)) {
            const told = spoken(value.what);
            known.conditions.set(told, known.conditions.get(told) ?? { ...value, what: told });
          }
          const uses = record.uses.filter(
            (use) =>
              use.principal === arn &&
              use.by.some((by) => by.kind === 'identity' && by.policy === name && by.index === index),
          );
          for (const { action, resource, context } of uses) {
            known.used = true;
            known.named ||= resource !== '*';
            for (const granted of Action)
              if (fits(granted.toLowerCase(), action.toLowerCase())) known.actions.set(granted, true);
            for (const arn of Resource) if (fits(arn, resource)) known.resources.set(spoken(arn), true);
            for (const value of conditionValues(one))
              seen(known.conditions.get(spoken(value.what)), context, value);
          }
        }
      }
    }
    for (const { principal: arn, action, resource, refusal } of record.uses) {
      const principal = spoken(arn);
      if (!isOurs(principal) || refusal?.explicit !== false || refusal.by !== 'identity') continue;
      // A permission that is granted again at the end was removed by a test for a while.
      if (grants(record.granted[arn]?.identity ?? [], action, resource)) continue;
      const what = `${action} on ${spoken(resource)}`;
      lacking.set(`${principal} ${what}`, { principal, is: 'used and not granted', what });
    }
  }
  const found = [...statements.values()].flatMap((granted) => misfitsOf(granted));
  return [...found, ...lacking.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

function grants(policies: readonly NamedPolicy[], action: string, resource: string): boolean {
  const statements = policies.flatMap(({ document }) => parsePolicy(document).Statement);
  return statements.some(
    ({ Effect, Action = [], Resource = [] }) =>
      Effect === 'Allow' &&
      Action.some((one) => fits(one.toLowerCase(), action.toLowerCase())) &&
      Resource.some((one) => fits(one, resource)),
  );
}

function misfitsOf({ principal, statement, actions, resources, conditions, named, used }: Granted): Misfit[] {
  const of = { principal, statement };
  const unused = (all: ReadonlyMap<string, boolean>) =>
    [...all].flatMap(([what, isUsed]) =>
      isUsed ? [] : [{ ...of, is: 'granted and never used' as const, what }],
    );
  if (!used) return unused(actions);
  const wide = [...actions.keys()].filter((action) => /[*?]/.test(action));
  const anything = named && resources.has('*') ? ['*'] : [];
  return [
    ...unused(actions),
    ...unused(resources),
    ...[...wide, ...anything].map((what) => ({ ...of, is: 'wider than used' as const, what })),
    ...[...conditions.values()].flatMap(conditionMisfits).map((one) => ({ ...of, ...one })),
  ];
}

/** Roles that CloudFormation names. */
const NAMED_BY_STACK = /role\/orgkeeper\w*-(Schedules|Forwarding)Role[A-F0-9]{8}$/;
const DEPLOYED: ReadonlySet<string> = new Set([
  NAMES.intakeRole,
  NAMES.sweepRole,
  NAMES.creationRole,
  NAMES.runnerRole,
  NAMES.apiRole,
  ...Object.values(ORGANIZATION_ROLES),
]);

/** The sessions of runs in members, by whichever role: see member-permissions.ts. */
export const SESSIONS = 'MEMBER sessions of runs';

/** Roles of the deployment and people of the journeys, not roles that a test has made. */
function isOurs(principal: string): boolean {
  if (principal === SESSIONS || /^(MAIN|MANAGEMENT) user\/cli-/.test(principal)) return true;
  return NAMED_BY_STACK.test(principal) || DEPLOYED.has(principal.split('role/')[1] ?? '');
}
