import type { OrganizationRole } from './config.ts';

/** The functions of the main stack, each a folder of `controllers/` with a `handler.ts`. */
export const FUNCTIONS = ['intake', 'sweep', 'reconcile', 'create-account', 'review'] as const;
/** One of them. */
export type FunctionName = (typeof FUNCTIONS)[number];

/** The names of the stacks. */
export const STACKS = {
  identity: 'orgkeeper-identity',
  main: 'orgkeeper',
  management: 'orgkeeper-management',
  controlTower: 'orgkeeper-control-tower',
} as const;

/**
 * Fixed names, none of them generated: policies of other accounts name these roles, and a rebuilt main stack must find its
 * table and its roles again.
 */
export const NAMES = {
  bus: 'orgkeeper',
  table: 'orgkeeper',
  scheduleGroup: 'orgkeeper',
  organizationRule: 'orgkeeper-organization-events',
  requestRule: 'orgkeeper-requests',
  forwardingRule: 'orgkeeper-forwarding',
  configParameter: '/orgkeeper/config',
  runnerRole: 'orgkeeper-WorkflowLoopRunnerRole',
  apiRole: 'orgkeeper-ApiHandlerRole',
  intakeRole: 'orgkeeper-IntakeRole',
  sweepRole: 'orgkeeper-SweepRole',
  creationRole: 'orgkeeper-CreationRole',
  intakeQueue: 'orgkeeper-intake',
  sweepQueue: 'orgkeeper-sweep',
  creationQueue: 'orgkeeper-creation',
  workQueue: 'orgkeeper-work.fifo',
  reviewQueue: 'orgkeeper-review',
} as const;

/** The roles in the management account, one for each purpose, each with the permissions of its purpose only. */
export const ORGANIZATION_ROLES: Record<OrganizationRole, string> = {
  reading: 'orgkeeper-OrganizationReadingRole',
  creating: 'orgkeeper-OrganizationCreatingRole',
  entering: 'orgkeeper-OrganizationEnteringRole',
  inspecting: 'orgkeeper-OrganizationInspectingRole',
};

/** The queue of each function. */
export const QUEUES: Record<FunctionName, string> = {
  intake: NAMES.intakeQueue,
  sweep: NAMES.sweepQueue,
  reconcile: NAMES.workQueue,
  'create-account': NAMES.creationQueue,
  review: NAMES.reviewQueue,
};

/** The schedules of the main stack. */
export const SCHEDULES = [
  'orgkeeper-due',
  'orgkeeper-list',
  'orgkeeper-nightly',
  'orgkeeper-review',
  'orgkeeper-summary',
] as const;

/** The dead-letter queue of the rule in the management account. */
export const UNDELIVERED = `${STACKS.management}-undelivered`;

/**
 * The table's indexes: items of a collection by key; and, sparse, items that are due, soonest first, and accounts whose last run
 * found differences.
 */
export const INDEXES = { collection: 'collection', due: 'due', differing: 'differing' } as const;

/** Name of a function in Lambda. */
export function functionName(name: FunctionName): string {
  return `orgkeeper-${name}`;
}

/** Name of the bucket of member templates, which must be unique in all of AWS. */
export function templatesBucket({ mainAccountId, region }: Pick<Placed, 'mainAccountId' | 'region'>): string {
  return `orgkeeper-templates-${mainAccountId}-${region}`;
}

/** Name of the bucket in which reviews of access are kept, and, under `REPORTS`, the nightly pages. */
export function reviewsBucket({ mainAccountId, region }: Pick<Placed, 'mainAccountId' | 'region'>): string {
  return `orgkeeper-reviews-${mainAccountId}-${region}`;
}

/** Where the nightly pages are in the bucket. */
export const REPORTS = 'reports/';

/** Key of the nightly page of a day: `2027-01-31`. */
export function reportObject(day: string): string {
  return `${REPORTS}${day}.html`;
}

/** Whether Main is the management account; then there are no organization roles. */
export function mainIsManagement(context: Pick<Placed, 'mainAccountId' | 'managementAccountId'>): boolean {
  return context.mainAccountId === context.managementAccountId;
}

/** The part of a deployment's context, or of its configuration, that its ARNs consist of. */
export interface Placed {
  readonly partition: string;
  readonly region: string;
  /** The region of the partition's endpoint of Organizations. */
  readonly organizationsRegion: string;
  readonly mainAccountId: string;
  readonly managementAccountId: string;
  readonly organizationId: string;
  readonly accessRoleNames: readonly string[];
  readonly executionRolePattern: string;
}

/** ARNs of the resources with fixed names, and ARN patterns of resources in other accounts. */
export function arns(context: Placed) {
  const { partition, region, mainAccountId: main, managementAccountId: management } = context;
  const here = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${main}:${rest}`;
  const there = (service: string, rest: string) =>
    `arn:${partition}:${service}:${context.organizationsRegion}:${management}:${rest}`;
  const role = (account: string, name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  return {
    bus: here('events', `event-bus/${NAMES.bus}`),
    table: here('dynamodb', `table/${NAMES.table}`),
    index: (name: keyof typeof INDEXES) => here('dynamodb', `table/${NAMES.table}/index/${INDEXES[name]}`),
    rules: [NAMES.organizationRule, NAMES.requestRule].map((name) =>
      here('events', `rule/${NAMES.bus}/${name}`),
    ),
    forwardingRule: there('events', `rule/${NAMES.forwardingRule}`),
    undelivered: there('sqs', UNDELIVERED),
    trails: `arn:${partition}:cloudtrail:*:${management}:trail/*`,
    queue: (name: string) => here('sqs', name),
    function: (name: FunctionName) => here('lambda', `function:${functionName(name)}`),
    schedules: SCHEDULES.map((name) => here('scheduler', `schedule/${NAMES.scheduleGroup}/${name}`)),
    scheduleGroup: here('scheduler', `schedule-group/${NAMES.scheduleGroup}`),
    intakeQueue: here('sqs', NAMES.intakeQueue),
    sweepQueue: here('sqs', NAMES.sweepQueue),
    creationQueue: here('sqs', NAMES.creationQueue),
    workQueue: here('sqs', NAMES.workQueue),
    reviewQueue: here('sqs', NAMES.reviewQueue),
    // A review is in the folder of its account, whose name has twelve characters.
    reviews: `arn:${partition}:s3:::${reviewsBucket(context)}/${'?'.repeat(12)}/*`,
    reports: `arn:${partition}:s3:::${reviewsBucket(context)}/${REPORTS}*`,
    logGroup: (name: FunctionName) => here('logs', `log-group:/aws/lambda/${functionName(name)}`),
    mainRoot: `arn:${partition}:iam::${main}:root`,
    root: (account: string) => `arn:${partition}:iam::${account}:root`,
    runnerRole: role(main, NAMES.runnerRole),
    apiRole: role(main, NAMES.apiRole),
    intakeRole: role(main, NAMES.intakeRole),
    sweepRole: role(main, NAMES.sweepRole),
    creationRole: role(main, NAMES.creationRole),
    organizationRoles: {
      reading: role(management, ORGANIZATION_ROLES.reading),
      creating: role(management, ORGANIZATION_ROLES.creating),
      entering: role(management, ORGANIZATION_ROLES.entering),
      inspecting: role(management, ORGANIZATION_ROLES.inspecting),
    },
    /** Every role of Main with a fixed name. */
    roles: [NAMES.runnerRole, NAMES.apiRole, NAMES.intakeRole, NAMES.sweepRole, NAMES.creationRole].map(
      (name) => role(main, name),
    ),
    /** The roles of Main that assume each of them, and nobody else. */
    organizationRoleUsers: {
      reading: [role(main, NAMES.intakeRole), role(main, NAMES.sweepRole)],
      creating: [role(main, NAMES.creationRole)],
      entering: [role(main, NAMES.runnerRole)],
      inspecting: [role(main, NAMES.apiRole)],
    },
    accessRoles: context.accessRoleNames.map((name) => role('*', name)),
    executionRoles: role('*', context.executionRolePattern),
    accounts: `arn:${partition}:organizations::${management}:account/${context.organizationId}/*`,
    organizationalUnits: `arn:${partition}:organizations::${management}:ou/${context.organizationId}/*`,
    roots: `arn:${partition}:organizations::${management}:root/${context.organizationId}/*`,
  };
}

/** Name (or URL) of the dead-letter queue of the queue with this name (or URL). */
export function deadLettersOf(queue: string): string {
  return queue.endsWith('.fifo') ? queue.replace(/\.fifo$/, '-dead.fifo') : `${queue}-dead`;
}
