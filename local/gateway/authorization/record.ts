import type { Grants, Iam } from '../iam.ts';
import type { Usage, Use } from './usage.ts';

/** The permissions that were used since the local runtime started, and those that are granted. */
export interface PermissionsRecord {
  readonly uses: readonly Use[];
  /** By the ARN of each role of the accounts that were asked for, and of whoever did anything. */
  readonly granted: Readonly<Record<string, Pick<Grants, 'identity' | 'boundary'>>>;
  /** Calls that could not be decided, by service and action, with why. */
  readonly undecided: Readonly<Record<string, string>>;
}

/** Reads what is granted now, in the given accounts also to roles that did nothing. */
export async function permissionsRecord(
  accounts: readonly string[],
  of: {
    readonly usage: Usage;
    readonly undecided: ReadonlyMap<string, string>;
    readonly iam: Pick<Iam, 'grants' | 'roleArns'>;
  },
): Promise<PermissionsRecord> {
  const uses = of.usage.list();
  const used = new Set(uses.flatMap(({ principal }) => (principal.startsWith('arn:') ? [principal] : [])));
  const roles = await Promise.all(accounts.map((account) => of.iam.roleArns(account)));
  const arns = [...new Set([...used, ...roles.flat()])];
  const granted = await Promise.all(arns.map(async (arn) => [arn, await of.iam.grants(arn)] as const));
  return { uses, granted: Object.fromEntries(granted), undecided: Object.fromEntries(of.undecided) };
}
