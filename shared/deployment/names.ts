import type { OrganizationRole } from './config.ts';

/** The functions of the main stack: each is a folder of `controllers/` with a `handler.ts`. */
export const FUNCTIONS = ['intake', 'sweep', 'reconcile', 'create-account'] as const;
/** One of them. */
export type FunctionName = (typeof FUNCTIONS)[number];

/** The stacks, by what they are; their names are fixed. */
export const STACKS = {
  identity: 'orgkeeper-identity',
  main: 'orgkeeper',
  management: 'orgkeeper-management',
  controlTower: 'orgkeeper-control-tower',
} as const;

/**
 * Fixed names. Other accounts' policies name these roles, and a rebuilt main stack must find its table and
 * its roles again, so none of them is generated.
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
} as const;

/** The roles in the management account: one for each purpose, so that none may do what another is for. */
export const ORGANIZATION_ROLES: Record<OrganizationRole, string> = {
  reading: 'orgkeeper-OrganizationReadingRole',
  creating: 'orgkeeper-OrganizationCreatingRole',
  entering: 'orgkeeper-OrganizationEnteringRole',
  inspecting: 'orgkeeper-OrganizationInspectingRole',
};

/** The queue that each function works off. */
export const QUEUES: Record<FunctionName, string> = {
  intake: NAMES.intakeQueue,
  sweep: NAMES.sweepQueue,
  reconcile: NAMES.workQueue,
  'create-account': NAMES.creationQueue,
};

/** The schedules of the main stack. */
export const SCHEDULES = ['orgkeeper-due', 'orgkeeper-list', 'orgkeeper-nightly'] as const;

/** In the management account: what its rule could not deliver. */
export const UNDELIVERED = `${STACKS.management}-undelivered`;

/** The table's indexes: items by their sort in key order, and, sparse, what must be looked at later, soonest first. */
export const INDEXES = { collection: 'collection', due: 'due' } as const;

/** Name of a function on AWS. */
export function functionName(name: FunctionName): string {
  return `orgkeeper-${name}`;
}

/** The bucket of member templates; S3 wants a name that nobody else in the world has. */
export function templatesBucket({ mainAccountId, region }: Pick<Placed, 'mainAccountId' | 'region'>): string {
  return `orgkeeper-templates-${mainAccountId}-${region}`;
}

/** Whether Main is the management account: then there are no organization roles. */
export function mainIsManagement(context: Pick<Placed, 'mainAccountId' | 'managementAccountId'>): boolean {
  return context.mainAccountId === context.managementAccountId;
}

/** What of a deployment its ARNs are made of: of its context, or of its configuration. */
export interface Placed {
  readonly partition: string;
  readonly region: string;
  /** Where the partition answers for Organizations. */
  readonly organizationsRegion: string;
  readonly mainAccountId: string;
  readonly managementAccountId: string;
  readonly organizationId: string;
  readonly accessRoleNames: readonly string[];
  readonly executionRolePattern: string;
}

/** ARNs of what has a fixed name, and of what other accounts hold. */
export function arns(context: Placed) {
  const { partition, region, mainAccountId: main, managementAccountId: management } = context;
  const here = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${main}:${rest}`;
  const there = (service: string, rest: string) =>
    `arn:${partition}:${service}:${context.organizationsRegion}:${management}:${rest}`;
  const role = (account: string, name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  return {
    bus: here('events', `event-bus/${NAMES.bus}`),
    table: here('dynamodb', `table/${NAMES.table}`),
    indexes: Object.values(INDEXES).map((index) => here('dynamodb', `table/${NAMES.table}/index/${index}`)),
    collectionIndex: here('dynamodb', `table/${NAMES.table}/index/collection`),
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
    /** Every role of Main that has a name. */
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

/** Name, or URL, of the queue of dead letters of the queue with this one. */
export function deadLettersOf(queue: string): string {
  return queue.endsWith('.fifo') ? queue.replace(/\.fifo$/, '-dead.fifo') : `${queue}-dead`;
}
