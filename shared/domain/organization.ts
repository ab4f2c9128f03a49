/** An account as AWS Organizations describes it. */
export interface OrganizationAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email?: string;
  /** False while it is suspended, closing or closed. */
  readonly active: boolean;
  /** AWS's state: `SUSPENDED`, `CLOSED` … */
  readonly state: string;
  readonly joinedAt: string;
  readonly joinedBy: 'created' | 'joined';
  /** Ids of the root and of the organizational units that contain the account, from the top; absent if AWS does not say. */
  readonly units?: readonly string[];
}

/** The place of an account in the organization: the ids from the root down, and the names as a path. */
export interface Place {
  /** The root `r-…` first, the account's own unit last. */
  readonly units: readonly string[];
  /** `/` for the root, `/Research/Genomics` below it; names are escaped (`asLevel` of glob.ts). */
  readonly path: string;
}
