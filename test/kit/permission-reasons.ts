import type { Misfit } from './permission-record.ts';
import { SESSIONS } from './permissions.ts';

/** Permissions that no journey uses, or that are wider than what journeys use, each with the reason (`because`). */
export interface Reason extends Partial<Misfit> {
  readonly because: string;
  /** A journey may use the permission all the same, when a call fails or the machine is slow: the reason is then not stale. */
  readonly sometimes?: true;
}

const cli = (command: string, what: string, because: string): Reason => ({
  principal: `MAIN user/cli-${command}`,
  what,
  because,
});
const member = (what: string, because: string): Reason => ({
  principal: SESSIONS,
  is: 'granted and never used',
  what,
  because,
});
const wideInMembers = (statement: string, because: string): Reason => ({
  principal: SESSIONS,
  is: 'wider than used',
  statement,
  what: '*',
  because,
});
const queue = (name: string) => `arn:aws:sqs:eu-west-1:MAIN:${name}`;

const REASONS: readonly Reason[] = [
  // The command line: permissions that only an option, or a rare answer, needs.
  cli('account', 'dynamodb:GetItem', 'an account with an item that cannot be read is looked up once more'),
  cli('addresses', 'dynamodb:PutItem', 'only --drop writes'),
  cli('rules-publish', 'dynamodb:GetItem', 'rules may name a version of a baseline'),
  cli('sweep', 'dynamodb:GetItem', 'a rejected request is looked up'),
  ...['baseline-diff', 'baseline-show', 'template-member'].map((command) =>
    cli(command, 'dynamodb:GetItem', 'only a version of a baseline that is not the newest is read so'),
  ),
  cli('dead-letters-redrive', queue('orgkeeper-creation'), 'the journeys kill the work of other functions'),
  cli('dead-letters-redrive', queue('orgkeeper-review'), 'the journeys kill the work of other functions'),
  cli('dead-letters-redrive', queue('orgkeeper-intake'), 'the journeys kill the work of other functions'),
  {
    principal: 'MAIN user/cli-doctor',
    is: 'used and not granted',
    because: 'doctor tries as the caller where the API role cannot be assumed, and skips what is denied',
  },
  // Roles of the deployment: permissions that only a failure, or another fleet than that of the journeys, needs.
  ...['AnnounceOfReviews', 'UseRecordsOfReviews'].map((statement) => ({
    principal: 'MAIN role/orgkeeper-WorkflowLoopRunnerRole',
    statement,
    because: 'the statements for runs, which stand before it in the policy, allow the same',
  })),
  {
    principal: 'MAIN role/orgkeeper-WorkflowLoopRunnerRole',
    statement: 'BuryUnreadableOfReviews',
    because: 'the journeys send no message that cannot be read for a review',
  },
  {
    principal: 'MAIN role/orgkeeper-WorkflowLoopRunnerRole',
    statement: 'ReceiveOwnMessagesOfReviews',
    what: 'sqs:ChangeMessageVisibility',
    because: 'a review that failed waits longer each time, and none fails so in the journeys',
    sometimes: true,
  },
  {
    principal: 'MAIN role/orgkeeper-IntakeRole',
    what: 'sqs:ChangeMessageVisibility',
    because: 'an event that failed waits longer each time, and none fails in the journeys',
    sometimes: true,
  },
  {
    principal: 'MAIN role/orgkeeper-SweepRole',
    what: 'dynamodb:BatchGetItem',
    because: 'only what a killed intake still owed is read again',
    sometimes: true,
  },
  {
    principal: 'MANAGEMENT role/orgkeeper-OrganizationCreatingRole',
    what: 'organizations:DescribeOrganizationalUnit',
    because: 'only rules that choose by the path of a unit read its name',
  },
  {
    principal: 'MANAGEMENT role/orgkeeper-OrganizationInspectingRole',
    statement: 'ReadOrganization',
    because: 'only rules explain reads tags, of rules that choose by them',
  },
  {
    principal: 'MAIN role/orgkeeper-SchedulesRole523D57EE',
    statement: 'AskForSweep',
    because: 'the nightly schedule does not fire at the local runtime',
  },
  // Members, by what the member template grants.
  member(
    'ec2:ReplaceRoute',
    'only a default route that leads elsewhere is replaced, which test/conformance tries',
  ),
  member('iam:AttachRolePolicy', 'the shipped baseline attaches no managed policy'),
  member('iam:PutRolePermissionsBoundary', 'the shipped baseline has no boundary'),
  wideInMembers('Account', 'AWS gives the ids of what runs make, and another baseline has other names'),
  wideInMembers('Regions', 'an account asks for its own regions, and nothing else supports the action'),
  wideInMembers('Reviews', 'a review reads whatever the account has'),
  {
    principal: 'MANAGEMENT role/orgkeeper-OrganizationEnteringRole',
    what: 'arn:aws:iam::*:role/AWSControlTowerExecution',
    because: 'no journey has an account that Control Tower has made',
  },
];

/** The reason why the misfit is accepted; undefined if there is none. */
export function reasonFor(misfit: Misfit): string | undefined {
  return REASONS.find((reason) => excuses(reason, misfit))?.because;
}

/** The reasons that are true of no misfit any more: a journey uses the permission, or nobody grants it. Pure. */
export function staleReasons(misfits: readonly Misfit[], reasons: readonly Reason[] = REASONS): Reason[] {
  return reasons.filter(
    (reason) => reason.sometimes !== true && !misfits.some((misfit) => excuses(reason, misfit)),
  );
}

function excuses({ principal, statement, is, what }: Reason, misfit: Misfit): boolean {
  return (
    (is === undefined || is === misfit.is) &&
    (principal === undefined || principal === misfit.principal) &&
    (statement === undefined || statement === misfit.statement) &&
    (what === undefined || what === misfit.what)
  );
}
