/** One allowing statement of an identity policy, as data. */
export interface Grant {
  sid: string;
  actions: string[];
  resources: string[];
  /** What else must hold of a call, as IAM writes it. */
  conditions?: Record<string, Record<string, string>>;
  /** Why a resource has a wildcard in it; without one, cdk-nag refuses the wildcard. */
  because?: string;
}
