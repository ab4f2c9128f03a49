/** An account as Organizations shows it. */
export interface OrganizationAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email?: string;
  /** False while it is suspended, closing or closed. */
  readonly active: boolean;
  /** `SUSPENDED`, `CLOSED` …, as AWS says it. */
  readonly state: string;
  readonly joinedAt: string;
  readonly joinedBy: 'created' | 'joined';
  /** Ids of the root and of the units that it is in, from the top; absent where the endpoint does not say. */
  readonly units?: readonly string[];
}

/** Where an account is in the organization: the ids from the root down, and the names as a path. */
export interface Place {
  /** `r-…` first, the unit that the account is in last. */
  readonly units: readonly string[];
  /** `/` for the root, `/Research/Genomics` below it; a slash in a name is `%2F` there. */
  readonly path: string;
}
