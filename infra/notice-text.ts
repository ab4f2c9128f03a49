import type { AnnouncementType } from '../shared/domain/announcements.ts';

/** A notice: a sentence for people, then a command. `<field>` is a field of the event's detail. */
interface NoticeText {
  readonly sentence: string;
  /** The sentence without free text, where the other one has a message. The message of FleetSummary needs no escape. */
  readonly plain?: string;
  readonly command: string;
}

const account = 'Account <accountId> (<name>)';
const look = 'orgkeeper account <accountId>';

/** What people are told of each announcement. */
export const NOTICE_TEXTS: Readonly<Record<AnnouncementType, NoticeText>> = {
  AccountRegistered: {
    sentence: `${account} is managed from now on, or its registration was changed.`,
    command: look,
  },
  AccountReady: { sentence: `${account} is ready: everything is as its baseline says.`, command: look },
  AccountDegraded: {
    sentence: `${account} is not as its baseline says: <reason>: <message>`,
    plain: 'Account <accountId> is not as its baseline says: <reason>.',
    command: look,
  },
  DriftDetected: { sentence: `${account} differs from its baseline, and was left as it is.`, command: look },
  DriftCorrected: {
    sentence: `${account} differed from its baseline, and was corrected.`,
    command: 'orgkeeper history <accountId> --limit 1',
  },
  SweepStopped: {
    sentence: '<message>',
    plain:
      'A sweep has stopped writing: <drifted> of <accounts> accounts differ, more than drift explains. If the differences should be ' +
      'corrected, sweep again; if not, pause the baseline.',
    command: 'orgkeeper accounts --drifted',
  },
  SweepFinished: {
    sentence:
      'A sweep of <accounts> accounts ended after <seconds> s. Unchanged: <unchanged>; corrected: <corrected>; drifted: <drifted>; ' +
      'waiting: <waiting>; failed: <failed>; parts that cannot be read: <unreadable>.',
    command: 'orgkeeper accounts --not-ready',
  },
  FleetSummary: { sentence: '<message>', plain: '<message>', command: 'orgkeeper accounts --not-ready' },
  RolloutHalted: {
    sentence: '<message> <remedy>',
    plain: 'Roll-out <rolloutId> has halted in wave <wave>: <reason> (failed: <failed>; drifted: <drifted>).',
    command: 'orgkeeper rollout show <rolloutId>',
  },
  AccessReviewCompleted: {
    sentence: `The access of account <accountId> (<name>) was reviewed: <unintended> ways that nobody intends, <new> of them new.`,
    command: 'orgkeeper review <accountId>',
  },
  WorkFailed: {
    sentence: 'A message in <queue> failed for good: <reason>: <message>',
    plain: 'A message in <queue> failed for good: <reason>.',
    command: 'orgkeeper dead-letters list',
  },
  AccountCreationFailed: {
    sentence: 'An account could not be created: <reason>: <message>',
    plain: 'An account could not be created: <reason>.',
    command: 'orgkeeper accounts',
  },
  AccountRetired: { sentence: `${account} is retired.`, command: look },
  ClusterReady: {
    sentence: `The cluster <cluster> in account <accountId> (<name>) takes work.`,
    command: 'orgkeeper cluster list <accountId>',
  },
  ClusterEnded: {
    sentence: `The cluster <cluster> in account <accountId> (<name>) has ended: <reason>.`,
    command: 'orgkeeper cluster list <accountId>',
  },
  ClusterOrphaned: {
    sentence: `A cluster <clusterId> in account <accountId> (<name>) runs although nobody requested it.`,
    command: look,
  },
  ExceptionEnded: {
    sentence: `An exception of account <accountId> (<name>) has ended: <message>`,
    plain: 'An exception of account <accountId> has ended: <reason>.',
    command: 'orgkeeper exceptions <accountId>',
  },
  RequestRejected: {
    sentence: 'A request of account <sentBy> was rejected: <reason>: <message>',
    plain: 'A request of account <sentBy> was rejected: <reason>.',
    command: 'orgkeeper rejected',
  },
};

/** The fields of the detail that a text names. Pure. */
export function fieldsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/<(\w+)>/g)].map(([, field]) => field ?? ''))];
}

/**
 * EventBridge's input transformer of a notice: text for a topic, JSON with the key `text` for a chat's webhook. EventBridge does not escape
 * what it writes into a string, so JSON gets only fields whose values need no escape: no names, and no messages.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html#eb-transform-input-issues
 * Pure.
 */
export function transformerOf(event: AnnouncementType, as: 'text' | 'json') {
  const { sentence, plain = sentence.replace(' (<name>)', ''), command } = NOTICE_TEXTS[event];
  const said = `${as === 'text' ? sentence : plain} See: ${command}`;
  const text = JSON.stringify(said);
  return {
    inputPathsMap: Object.fromEntries(fieldsIn(said).map((field) => [field, `$.detail.${field}`])),
    inputTemplate: as === 'text' ? text : `{"text": ${text}}`,
  };
}
