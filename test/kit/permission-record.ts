import type { PermissionsRecord } from '../../local/gateway/authorization/record.ts';

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

/** ARNs with the accounts said by what they are, and without what CloudFormation adds to a name. */
export function inWords({ main, management, organizationId }: JourneyRecord): (text: string) => string {
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

/** Whether the text is one of those that a pattern with `*` and `?` means. */
export function fits(pattern: string, text: string): boolean {
  const literal = pattern.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replace(/[\\^$+.()|[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${literal.join('')}$`).test(text);
}

/** By which misfits are put in order. */
export function order({ principal, statement = '', is, what }: Misfit): string {
  return [principal, statement, is, what].join('\u0000');
}
