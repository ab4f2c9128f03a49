/** What the account has: the wanted ones that exist, and ours that nobody wants any more. */
export interface ActualParameters {
  readonly found: Readonly<Record<string, ActualParameter>>;
  /** Made by us, and no longer in the baseline. */
  readonly dropped: readonly { readonly name: string; readonly arn: string }[];
}

/** A parameter as it stands. */
export interface ActualParameter {
  readonly name: string;
  readonly arn: string;
  /** Absent for a SecureString: a secret is not read. */
  readonly value: string | undefined;
  readonly type: string;
  readonly tier: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `ours`: made by Orgkeeper. `adopted`: was there before. `foreign`: another Orgkeeper's. */
  readonly whose: 'ours' | 'adopted' | 'foreign';
}
