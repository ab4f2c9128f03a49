/** One allowing statement of an identity policy, as data. */
export interface Grant {
  sid: string;
  actions: string[];
  resources: string[];
  /** Why a resource has a wildcard in it; without one, cdk-nag refuses the wildcard. */
  because?: string;
}
