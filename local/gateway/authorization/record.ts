import type { Grants, Iam } from '../iam.ts';
import type { Usage, Use } from './usage.ts';

/** What a run of the local runtime shows of permissions: what was used, and what was granted. */
export interface PermissionsRecord {
  readonly uses: readonly Use[];
  /** By the ARN of each role of the accounts that were asked for, and of whoever did anything. */
  readonly granted: Readonly<Record<string, Pick<Grants, 'identity' | 'boundary'>>>;
  /** Calls that could not be decided, by service and action, with why. */
  readonly undecided: Readonly<Record<string, string>>;
}

/** Reads what is granted now; of the accounts to roles that did nothing, too. */
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
