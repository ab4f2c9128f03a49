import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { DEAD_LETTER } from '../../shared/aws/read-message.ts';
import type { AccountRecord } from '../../shared/domain/account.ts';
import { startSweep } from '../../shared/store/controls.ts';
import { putPlanAnswer } from '../../shared/store/plans.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { publishRules } from '../../shared/store/rules.ts';
import { captured } from '../kit/captured.ts';
import { EVENT, useMainInMemory } from '../kit/cli-in-memory.ts';
import { aPass, aRecord, aRejected, aStatus, MEMBER } from '../kit/factories.ts';
import { type FakeMain, fakeMain } from '../kit/fake-main.ts';

const ESC = '\u001b';

/** Texts that somebody outside may put into a name, a tag, a reason. What they would do stands before FORGED. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a colour of ours': `x${ESC}[31mFORGED${ESC}[39m`,
  'a clearing of the screen': `x${ESC}[2J${ESC}[HFORGED`,
  'a title of the window': `x${ESC}]0;FORGED\u0007`,
  'a link': `x${ESC}]8;;https://evil.example/${ESC}\\FORGED${ESC}]8;;${ESC}\\`,
  'an eight-bit control': 'x\u009b31mFORGED',
  'a carriage return': 'x\rFORGED',
  'a new line': 'x FORGED\nFORGED is ready.\r\nFORGED',
  'other new lines': 'x\u2028FORGED\u2029FORGED\u0085FORGED\u000bFORGED\u000cFORGED',
  backspaces: 'genomics\b\b\b\b\b\b\b\bFORGED\u007f',
  'marks of direction': 'x\u202eDEGROF\u2066y\u061c\u200f',
  'what takes no room': 'x\u200b\ufeff\u00ad\u2060\u{e0041}FORGED',
  'half a character': 'x\ud800FORGED',
};

/** What no line may hold once our own colours are taken out. */
const STEERING = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/u;
const OUR_COLOURS = new RegExp(`${ESC}\\[(?:2|22|31|32|33|39)m`, 'g');

let fake: FakeMain;
/** What the checks of `doctor` look at. */
let examined: object = {};
await useMainInMemory(() => fake);
const doctor = await import('../../cli/doctor/examined.ts');
jest.unstable_mockModule('../../cli/doctor/examined.ts', () => ({
  ...doctor,
  examine: async () => examined,
}));
const { run } = await import('../../cli/program.ts');

/** A Main in which every text that comes from outside is this one. */
function hostileMain(text: string, record: Partial<AccountRecord>): FakeMain {
  const baseline = { name: 'analytics', version: 3 };
  const difference = { kind: text, region: text, resource: text, path: text, desired: text, actual: [text] };
  const pass = aPass({
    id: text,
    cause: { source: text, detailType: text, id: text, sentBy: text, requestedBy: text, reason: text },
    baseline: { name: text, version: 1 },
    result: 'drifted',
    differences: [{ ...difference, action: 'reported' }],
  });
  const stored = aRecord({
    name: text,
    email: text,
    tags: { [text]: text },
    lifecycleReason: text,
    baseline,
    ...record,
  });
  const status = aStatus({
    ready: false,
    conditions: ['False', 'Unknown'].map((status) => ({
      ...{ type: text, region: text, reason: text, message: text, changedAt: text },
      status: status as 'False' | 'Unknown',
    })),
    outputs: { [text]: text, 'role.arn': text },
    lastPass: pass,
    observedGeneration: stored.generation,
  });
  const key = `account#${MEMBER}`;
  return fakeMain([
    { pk: key, sk: 'desired', collection: 'account', collectionKey: MEMBER, ...stored },
    { pk: key, sk: 'status', ...status },
    {
      ...{ pk: key, sk: `pass#${pass.startedAt}#${pass.id}` },
      ...{ collection: 'pass', collectionKey: `${pass.startedAt}#${pass.id}`, ...pass },
    },
    {
      pk: 'baseline#analytics',
      sk: 'version#000000003',
      collection: 'baseline',
      collectionKey: 'analytics#000000003',
      ...{
        schemaVersion: 1,
        name: 'analytics',
        version: 3,
        description: text,
        sections: {},
        text,
        publishedAt: text,
      },
    },
  ]);
}

const { isTTY, columns } = process.stdout;
beforeEach(() => {
  Object.assign(process.stdout, { isTTY: true, columns: 4_000 });
  Object.assign(process.stderr, { isTTY: false });
});
afterEach(() => {
  Object.assign(process.stdout, { isTTY, columns });
  jest.restoreAllMocks();
});

const shownBy = (argv: readonly string[]) => captured(() => run(argv));

/** Queues of which one holds a message with the text, which nobody could read for a reason with the text. */
function oneDeadLetter(text: string): void {
  const message = {
    MessageId: text,
    Body: JSON.stringify({ detail: { accountId: text } }) + text,
    Attributes: { SentTimestamp: '0', ApproximateReceiveCount: '1' },
    MessageAttributes: { [DEAD_LETTER.why]: { DataType: 'String', StringValue: text } },
  };
  const left = [message];
  jest.spyOn(SQSClient.prototype, 'send').mockImplementation(async ({ constructor: { name } }: object) => {
    if (name === 'GetQueueUrlCommand') return { QueueUrl: 'https://sqs.example/dead' };
    if (name === 'GetQueueAttributesCommand') return { Attributes: { ApproximateNumberOfMessages: '1' } };
    return name === 'ReceiveMessageCommand' ? { Messages: left.splice(0) } : {};
  });
}

const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-'));
const file = (name: string) => join(folder, name);

/** Files of two policies that differ, and name the text wherever one can. */
function policies(text: string): void {
  const statement = { Sid: text, Effect: 'Allow', Action: `s3:${text}`, Resource: text };
  const Condition = { StringEquals: { [text]: text } };
  writeFileSync(file('A'), JSON.stringify({ Id: text, Statement: [statement, { ...statement, Condition }] }));
  writeFileSync(file('B'), JSON.stringify({ Statement: { ...statement, Effect: 'Deny', Action: '*' } }));
}

/** An answer to every request for a plan, with the text wherever one can be. */
function storePlan(text: string): Promise<unknown> {
  return putPlanAnswer(
    fake.main.table,
    EVENT,
    {
      is: 'planned',
      foreign: 0,
      document: {
        accountId: MEMBER,
        baseline: { name: text, version: 1 },
        differences: [
          {
            kind: text,
            region: text,
            resource: text,
            path: text,
            desired: text,
            actual: text,
            action: 'created',
          },
        ],
        obstacles: [{ kind: text, region: text, state: 'failed', message: text }],
      },
    },
    new Date(),
  );
}

/** The commands that show what stands in the table, and what stands there for them beside the account. */
const COMMANDS: readonly {
  readonly argv: readonly string[];
  readonly record?: Partial<AccountRecord>;
  readonly more?: (text: string) => Promise<unknown>;
}[] = [
  { argv: ['accounts'] },
  { argv: ['account', MEMBER] },
  { argv: ['history', MEMBER] },
  { argv: ['history'] },
  { argv: ['report', '--format', 'md'] },
  { argv: ['report', '--format', 'json'] },
  {
    argv: ['sweeps'],
    more: (text) => {
      const cause = { source: text, detailType: text, id: text };
      const sweep = { sweepId: text, accounts: 1, startedAt: '2026-11-20T10:00:00.000Z', cause };
      return startSweep(fake.main.table, sweep);
    },
  },
  {
    argv: ['rejected'],
    more: (text) => {
      const cause = { source: text, detailType: text, id: text };
      const request = aRejected(EVENT, { cause, sentBy: text, accountId: text });
      const problems = [{ path: text, message: text }];
      return putRejection(fake.main.table, request, { reason: text, message: text, problems });
    },
  },
  {
    argv: ['doctor'],
    async more(text) {
      const get = (_: object, name: PropertyKey) => {
        if (name !== 'then') throw new Error(text);
      };
      examined = new Proxy({}, { get });
    },
  },
  { argv: ['dead-letters', 'list'], more: async (text) => oneDeadLetter(text) },
  { argv: ['policy', 'same', 'A', 'B'], more: async (text) => policies(text) },
  { argv: ['policy', 'covers', 'A', 'B'], more: async (text) => policies(text) },
  { argv: ['baseline', 'list'] },
  { argv: ['forget', MEMBER], record: { lifecycle: 'retired' } },
  { argv: ['retire', MEMBER, '--resources', 'remove'] },
  {
    argv: ['rules', 'explain', MEMBER],
    more: (text) =>
      publishRules(fake.main.table, {
        description: text,
        rules: [{ name: text, baseline: text }],
        default: text,
        text,
        publishedAt: text,
      }),
  },
  {
    argv: ['rules', 'list'],
    more: (text) =>
      publishRules(fake.main.table, { description: text, rules: [], default: text, text, publishedAt: text }),
  },
  {
    argv: ['register', MEMBER, '--name', 'genomics', '--wait'],
    more: (text) =>
      putRejection(fake.main.table, aRejected(EVENT), {
        reason: text,
        message: text,
        problems: [{ path: text, message: text }],
      }),
  },
  ...[
    ['plan', MEMBER],
    ['plan', '--all'],
    ['plan', '--all', '--format', 'md'],
  ].map((argv) => ({
    argv,
    more: (text: string) => storePlan(text),
  })),
];

describe.each(Object.entries(HOSTILE))('A text from outside that is %s', (_, text) => {
  test.each(COMMANDS.map((command) => [command.argv.join(' '), command] as const))(
    'cannot control a terminal or forge a line of `%s`',
    async (_, { argv, record = {}, more }) => {
      fake = hostileMain(text, record);
      await more?.(text);
      const { stdout, stderr } = await shownBy(argv.map((word) => (/^[AB]$/.test(word) ? file(word) : word)));
      const written = stdout + stderr;
      expect(written).toMatch(/FORGED|DEGROF|half a character/);
      expect(written).not.toContain(`${ESC}[31mFORGED`);
      expect(written.replaceAll(OUR_COLOURS, '')).not.toMatch(STEERING);
      expect(written).not.toMatch(/^\s*FORGED/m);
    },
  );

  test('is unchanged in `account --json`', async () => {
    fake = hostileMain(text, {});
    const { stdout } = await shownBy(['account', MEMBER, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: text, email: text });
    expect(stdout).not.toMatch(STEERING);
  });

  test('in a file cannot control a terminal when the file is refused', async () => {
    const refused = file('baseline.yaml');
    writeFileSync(
      refused,
      `name: analytics\n${JSON.stringify(text)}: { FORGED: 1 }\nexecutionRole: ${JSON.stringify(text)}\n`,
    );
    for (const argv of [
      ['baseline', 'validate', refused],
      ['rules', 'validate', refused],
      ['policy', 'same', refused, refused],
    ]) {
      const { stderr } = await shownBy(argv);
      expect(stderr).toMatch(/^orgkeeper: /);
      expect(stderr).not.toMatch(STEERING);
      expect(stderr).not.toMatch(/^\s*FORGED/m);
    }
  });
});
