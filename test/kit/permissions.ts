import type { PermissionsRecord } from '../../local/gateway/authorization/record.ts';
import type { NamedPolicy } from '../../local/gateway/iam.ts';
import { NAMES, ORGANIZATION_ROLES } from '../../shared/deployment/names.ts';
import { parsePolicy } from '../../shared/policy/index.ts';

/** Compares the permissions of Orgkeeper's roles, and of the people who use its command line, with those that the journeys used. */

/** The record that a local runtime stored for a test file. */
export interface JourneyRecord extends PermissionsRecord {
  /** The test file. */
  readonly file: string;
  readonly main: string;
  readonly management: string;
  readonly organizationId: string;
}

/** A permission that is granted and not used, used and not granted, or wider than its uses. */
export interface Misfit {
  /** `role/orgkeeper-IntakeRole`, `user/cli-doctor`. */
  readonly principal: string;
  /** Sid or position of the statement; absent for a permission that is not granted. */
  readonly statement?: string;
  readonly is: 'granted and never used' | 'used and not granted' | 'wider than used';
  readonly what: string;
}

/** An Allow statement, over all runtimes: what it grants, and what of that was used. */
interface Granted {
  readonly principal: string;
  readonly statement: string;
  readonly actions: Map<string, boolean>;
  readonly resources: Map<string, boolean>;
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
        for (const [index, { Sid, Effect, Action = [], Resource = [] }] of parsePolicy(
          document,
        ).Statement.entries()) {
          if (Effect !== 'Allow') continue;
          const statement = Sid ?? `${name} ${index}`;
          const key = `${principal} ${statement}`;
          const known = statements.get(key) ?? {
            principal,
            statement,
            actions: new Map<string, boolean>(),
            resources: new Map<string, boolean>(),
            named: false,
            used: false,
          };
          statements.set(key, known);
          for (const action of Action) if (!known.actions.has(action)) known.actions.set(action, false);
          for (const one of Resource.map(spoken)) {
            if (!known.resources.has(one)) known.resources.set(one, false);
          }
          const uses = record.uses.filter(
            (use) =>
              use.principal === arn &&
              use.by.some((by) => by.kind === 'identity' && by.policy === name && by.index === index),
          );
          for (const { action, resource } of uses) {
            known.used = true;
            known.named ||= resource !== '*';
            for (const one of Action)
              if (fits(one.toLowerCase(), action.toLowerCase())) known.actions.set(one, true);
            for (const one of Resource) if (fits(one, resource)) known.resources.set(spoken(one), true);
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

function misfitsOf({ principal, statement, actions, resources, named, used }: Granted): Misfit[] {
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

/**
 * Roles of the deployment and people of the journeys, not roles that a test has made. In members, test/conformance compares each kind's
 * permissions with its calls, and the status of an account says what a role lacks.
 */
function isOurs(principal: string): boolean {
  if (/^(MAIN|MANAGEMENT) user\/cli-/.test(principal)) return true;
  return NAMED_BY_STACK.test(principal) || DEPLOYED.has(principal.split('role/')[1] ?? '');
}

/** An ARN with the account replaced by what it is, and without the suffix that CloudFormation adds to a name. */
function inWords({ main, management, organizationId }: JourneyRecord): (text: string) => string {
  const called = new Map([
    [management, 'MANAGEMENT'],
    [main, 'MAIN'],
  ]);
  return (text) => {
    const plain = text
      .replaceAll(organizationId, 'ORGANIZATION')
      .replace(/\d{12}/g, (account) => called.get(account) ?? 'MEMBER')
      .replace(/(?<=Role[A-F0-9]{8})-[A-Z0-9]{12}$/, '');
    const principal = /^arn:aws:iam::(\w+):((?:role|user)\/.+)$/.exec(plain);
    return principal ? `${principal[1]} ${principal[2]}` : plain;
  };
}

function fits(pattern: string, text: string): boolean {
  const literal = pattern.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/[\\^$+.()|[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${literal.join('')}$`).test(text);
}

function order({ principal, statement = '', is, what }: Misfit): string {
  return [principal, statement, is, what].join('\u0000');
}
