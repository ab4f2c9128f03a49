import { z } from 'zod';
import { AccountId } from '../domain/account.ts';

/** How many days a member template stays where its link finds it: S3 signs no URL for longer. */
export const TEMPLATE_DAYS = 7;

/** What AWS allows in one role: its quotas in a new account, and more where they were raised in all that are kept. */
export const RolePolicyQuotas = z.strictObject({
  /** Characters of a trust policy, whitespace not counted. */
  trustPolicyCharacters: z.int().min(2_048).max(8_192).default(2_048),
  /** Managed policies attached to a role. */
  managedPolicies: z.int().min(10).max(25).default(10),
});
export type RolePolicyQuotas = z.infer<typeof RolePolicyQuotas>;

/**
 * What every function and the command line know about the deployment: one document, written by the main
 * stack. Functions read it from the environment variable ORGKEEPER_CONFIG, the command line from the SSM
 * parameter `/orgkeeper/config` of the Main account; both are the same JSON.
 */
export const Config = z.strictObject({
  partition: z.enum(['aws', 'aws-cn', 'aws-us-gov']),
  /** Region of the main stack; also where accounts are kept unless they say otherwise. */
  region: z.string(),
  /** Where the partition answers for Organizations: us-east-1, cn-northwest-1 or us-gov-west-1. */
  organizationsRegion: z.string(),
  mainAccountId: AccountId,
  managementAccountId: AccountId,
  organizationId: z.string().regex(/^o-[a-z0-9]{10,32}$/),
  tableName: z.string(),
  busName: z.string(),
  /** In Main; `template member` puts templates there for the owners of accounts. */
  templatesBucket: z.string(),
  intakeQueueUrl: z.string(),
  workQueueUrl: z.string(),
  sweepQueueUrl: z.string(),
  creationQueueUrl: z.string(),
  reviewQueueUrl: z.string(),
  /**
   * In the management account, each for one purpose; Main assumes them with the ExternalId, unless Main is the management
   * account: intake and sweep read, create-account creates, reconcile enters accounts, the API role inspects.
   */
  organizationRoleArns: z.strictObject({
    reading: z.string(),
    creating: z.string(),
    entering: z.string(),
    inspecting: z.string(),
  }),
  organizationExternalId: z.string(),
  /** WorkflowLoopRunnerRole: the reconcile function's role. */
  runnerRoleArn: z.string(),
  /** ApiHandlerRole: what `operators` assume for `plan` and `credentials`. */
  apiRoleArn: z.string(),
  /** Tried in this order to enter an account of the organization. */
  accessRoleNames: z.array(z.string()).min(1),
  /** Names that an execution role may have; `*` stands for anything. IAM lets Main assume only these. */
  executionRolePattern: z.string(),
  rolePolicyQuotas: RolePolicyQuotas.prefault({}),
  defaultBaseline: z.string(),
  onboard: z.strictObject({
    /** ISO time. Without it, the first minute of the deployment is recorded and counts. */
    since: z.iso.datetime({ offset: true }).optional(),
    organizationalUnits: z.array(z.string()).optional(),
  }),
  /** Accounts, beside Main, that may put `orgkeeper.request` events. */
  requesters: z.array(AccountId),
});
export type Config = z.infer<typeof Config>;
/** What a role in the management account is for. */
export type OrganizationRole = keyof Config['organizationRoleArns'];

/** The configuration of this function; throws when ORGKEEPER_CONFIG is missing or not valid. */
export function configFromEnvironment(env: NodeJS.ProcessEnv = process.env): Config {
  const text = env.ORGKEEPER_CONFIG;
  if (!text) throw new Error('ORGKEEPER_CONFIG is not set: the main stack sets it on every function.');
  return Config.parse(JSON.parse(text));
}
