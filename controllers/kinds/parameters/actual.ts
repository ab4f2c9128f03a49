/** What the account has: the wanted ones that exist, and ours that nobody wants any more. */
export interface ActualParameters {
  readonly found: Readonly<Record<string, ActualParameter>>;
  /** Made by us, and no longer in the baseline. */
  readonly dropped: readonly { readonly name: string; readonly arn: string }[];
  /** Names of those that carry our tags, are not ours, and are not in the baseline. */
  readonly lookalikes: readonly string[];
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
  readonly whose: Whose;
}

/**
 * `ours`: made by Orgkeeper. `adopted`: was there before. `lookalike`: somebody put our owner tag on it, and it is kept
 * like one that was there before. `foreign`: another Orgkeeper's.
 */
export type Whose = 'ours' | 'adopted' | 'lookalike' | 'foreign';
