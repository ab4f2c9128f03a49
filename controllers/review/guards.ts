import { covers } from '../../shared/policy/covers.ts';
import type { Conditions, Statement } from '../../shared/policy/document.ts';
import { operatorNamed } from '../../shared/policy/statement.ts';

/** What the conditions of a statement, and the Denies beside it, require of whoever comes in. */
export interface Guards {
  /** The organizations that the other side must be in; absent if no condition says. */
  readonly organizations?: readonly string[];
  /** The accounts that the other side must be in; absent if no condition says. */
  readonly accounts?: readonly string[];
  readonly externalId: boolean;
  readonly mfa: boolean;
  /** Condition keys, in lower case, that must have one of some values. */
  readonly keys: ReadonlySet<string>;
}

/** The condition keys that tell the other side's organization and account: of who comes, or of the resource gone to. */
const KEYS = {
  in: {
    organization: 'aws:principalorgid',
    paths: 'aws:principalorgpaths',
    account: 'aws:principalaccount',
    arn: 'aws:principalarn',
  },
  out: {
    organization: 'aws:resourceorgid',
    paths: 'aws:resourceorgpaths',
    account: 'aws:resourceaccount',
    arn: '',
  },
} as const;

/** A condition key and the values that it must have one of. */
interface Requirement {
  readonly key: string;
  readonly values: readonly string[];
}

/** The guards of an Allow, with those that the Denies which apply to the same request add. Pure. */
export function guardsOf(allow: Statement, denies: readonly Statement[], way: 'in' | 'out'): Guards {
  const required = [
    ...requirementsOf(allow.Condition ?? {}),
    ...denies.flatMap((deny) => requirementsOfDeny(deny.Condition ?? {})),
  ];
  const valuesOf = (key: string) => required.filter((each) => each.key === key).map(({ values }) => values);
  const keys = KEYS[way];
  const organizations = narrowest([
    ...valuesOf(keys.organization),
    ...valuesOf(keys.paths).map((paths) => paths.map((path) => path.split('/')[0] ?? '')),
  ]);
  const accounts = narrowest([
    ...valuesOf(keys.account),
    ...valuesOf(keys.arn).map((arns) => arns.map((arn) => arn.split(':')[4] ?? '')),
  ]);
  return {
    ...(organizations && { organizations }),
    ...(accounts && { accounts }),
    externalId: valuesOf('sts:externalid').some((values) => values.every((value) => !/^[*?]*$/.test(value))),
    mfa: valuesOf('aws:multifactorauthpresent').some((values) => values.every((value) => value === 'true')),
    keys: new Set(required.map(({ key }) => key)),
  };
}

/** The shortest list without wildcards; all must hold, so that any of them would be right. */
function narrowest(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  const plain = lists.filter(
    (values) => values.length > 0 && values.every((value) => /^[\w-]+$/.test(value)),
  );
  return plain.reduce<readonly string[] | undefined>(
    (best, values) => (best && best.length <= values.length ? best : values),
    undefined,
  );
}

/** What an Allow requires: positive comparisons that fail where the key is absent. */
function requirementsOf(conditions: Conditions): Requirement[] {
  return Object.entries(conditions).flatMap(([name, keys]) => {
    const operator = operatorNamed(name);
    if (!operator || operator.negated || operator.ifExists || operator.set === 'ForAllValues') return [];
    if (!/^(String|Arn|Bool)/.test(operator.base)) return [];
    return Object.entries(keys).map(([key, values]) => ({ key: key.toLowerCase(), values }));
  });
}

/** Keys that people add to a Deny so that it spares services of AWS: they hold for everybody else. */
const SPARING = new Set(['aws:principalisawsservice', 'aws:viaawsservice']);

/** What a Deny requires of those that it is to spare: the opposite of its one condition; nothing if it has several. */
function requirementsOfDeny(conditions: Conditions): Requirement[] {
  const all = Object.entries(conditions).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, values]) => ({
      operator: operatorNamed(name),
      key: key.toLowerCase(),
      values,
    })),
  );
  const [only, ...more] = all.filter(({ key, values }) => !(SPARING.has(key) && values.join() === 'false'));
  if (!only?.operator || more.length > 0) return [];
  const { operator, key, values } = only;
  // A negated comparison holds where the key is absent, so the Deny applies then, too.
  if (operator.negated && operator.set === undefined) return [{ key, values }];
  if (operator.base !== 'Bool' || !operator.ifExists) return [];
  return [{ key, values: values.map((value) => (value.toLowerCase() === 'false' ? 'true' : 'false')) }];
}

/** What is allowed: of each element the whole list, as in a statement. */
export type Allowed = Omit<Statement, 'Sid' | 'Effect' | 'Condition'>;

/** Whether the Denies without conditions rule out all that is allowed. Pure. */
export function isDenied(allowed: Allowed, denies: readonly Statement[]): boolean {
  const absolute = denies.filter(({ Condition = {} }) => Object.keys(Condition).length === 0);
  return absolute.length > 0 && isWithin(allowed, absolute);
}

/** The Denies that apply to all that is allowed, wherever their conditions hold. Pure. */
export function deniesOf(allowed: Allowed, denies: readonly Statement[]): Statement[] {
  return denies.filter((deny) => isWithin(allowed, [deny]));
}

/** Whether the statements, their effects and conditions left out, are proven to include all that is allowed. */
function isWithin(allowed: Allowed, statements: readonly Statement[]): boolean {
  const allowing = statements.map(({ Condition: _, Effect: __, Sid: ___, ...rest }) => ({
    ...rest,
    Effect: 'Allow',
  }));
  return covers({ Statement: { ...allowed, Effect: 'Allow' } }, { Statement: allowing }).covered;
}
