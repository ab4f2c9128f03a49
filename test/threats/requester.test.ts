import { describe, expect, it } from '@jest/globals';
import { intakeHandler } from '../../controllers/intake/intake.ts';
import { accountKey } from '../../shared/store/accounts.ts';
import {
  aBaselineItem,
  aConfig,
  anOrganizationAccount,
  aRecord,
  MAIN,
  MANAGEMENT,
  MEMBER,
} from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';

const REQUESTER = '678901234567';
const OTHER = '567890123456';
const NOW = new Date('2026-11-20T12:00:00.000Z');

/** What intake makes of an event that this account sent, in a deployment with one managed account. */
async function sent(account: string, source: string, detailType: string, detail: object) {
  const fake = fakeMain([aBaselineItem(), { ...aRecord(), ...accountKey(MEMBER) }]);
  const organization = {
    describe: async (accountId: string) => anOrganizationAccount({ accountId }),
    tags: async () => ({}),
    place: async () => undefined,
    async *pages() {},
  };
  const { logger } = silentLogger();
  const config = aConfig({ requesters: [REQUESTER] });
  const handler = intakeHandler({ config, main: fake.main, organization, logger, now: () => NOW });
  const event = {
    id: 'event-9',
    source,
    'detail-type': detailType,
    account,
    time: '2026-11-20T11:59:59Z',
    detail,
  };
  await handler(batch(aMessage(event, { sentAt: NOW })), secondsLeft(60));
  const [answer] = fake.put;
  return {
    answered: answer && `${answer.detailType} ${answer.detail.reason ?? ''}`.trim(),
    accounts: fake.store.items('account#'),
    work: fake.sentTo('work.fifo'),
  };
}

const asked = (detailType: string, detail: object) =>
  sent(REQUESTER, 'orgkeeper.request', detailType, detail);
const register = (more: object) =>
  asked('AccountRegistrationRequested', { accountId: OTHER, name: 'x', ...more });
const roleIn = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;

describe('A requester', () => {
  it('registers an account with a role of that account', async () => {
    const { answered, accounts, work } = await register({
      executionRoleArn: roleIn(OTHER, 'orgkeeper-execution'),
    });
    expect(answered).toBe('AccountRegistered');
    expect(accounts).toHaveLength(2);
    expect(work).toHaveLength(1);
  });

  it.each([
    [
      'with a role of another account',
      { executionRoleArn: roleIn(MEMBER, 'orgkeeper-execution') },
      'InvalidRequest',
    ],
    [
      'with a role of Main',
      { executionRoleArn: roleIn(MAIN, 'orgkeeper-WorkflowLoopRunnerRole') },
      'InvalidRequest',
    ],
    [
      'with a role that the names of the deployment do not allow',
      { executionRoleArn: roleIn(OTHER, 'Admin') },
      'InvalidRequest',
    ],
    ['with an access role that the deployment does not know', { accessRoleName: 'Admin' }, 'InvalidRequest'],
    ['with a baseline that nobody published', { baseline: 'mine' }, 'UnknownBaseline'],
    ['with a baseline of its own in the request', { executionRole: { name: 'x' } }, 'InvalidRequest'],
    ['that is the management account', { accountId: MANAGEMENT }, 'ManagementAccount'],
  ])('cannot register an account %s', async (_, detail, reason) => {
    const { answered, accounts, work } = await register(detail);
    expect(answered).toBe(`RequestRejected ${reason}`);
    expect(accounts).toEqual([{ ...aRecord(), ...accountKey(MEMBER) }]);
    expect(work).toEqual([]);
  });

  it.each([
    ['AccountRetirementRequested', { accountId: MEMBER, resources: 'remove' }],
    ['PlanRequested', { accountId: MEMBER }],
    [
      'ExceptionRequested',
      {
        accountId: MEMBER,
        path: 'executionRole:*',
        until: '2026-12-01T00:00:00Z',
        because: 'x',
        iKnow: true,
      },
    ],
    ['ExceptionEndRequested', { accountId: MEMBER, path: 'network:*' }],
  ])('cannot request what only Main may: %s', async (detailType, detail) => {
    const { answered, accounts, work } = await asked(detailType, detail);
    expect(answered).toBe('RequestRejected SenderNotAllowed');
    expect(accounts).toEqual([{ ...aRecord(), ...accountKey(MEMBER) }]);
    expect(work).toEqual([]);
  });
});

describe('An account that is neither Main nor a requester', () => {
  it.each([
    ['as a requester', 'orgkeeper.request', 'AccountRegistrationRequested'],
    ["in AWS's name", 'aws.organizations', 'AWS API Call via CloudTrail'],
    ["in Control Tower's name", 'aws.controltower', 'AWS Service Event via CloudTrail'],
    ['as Orgkeeper itself', 'orgkeeper', 'AccountReady'],
  ])('is not followed %s, even if its event reaches intake', async (_, source, detailType) => {
    const detail = {
      ...{ accountId: OTHER, name: 'x', eventID: 'e', eventName: 'RemoveAccountFromOrganization' },
      requestParameters: { accountId: MEMBER },
    };
    for (const account of source === 'aws.organizations' ? [MEMBER, REQUESTER, MAIN] : [MEMBER]) {
      const { answered, accounts, work } = await sent(account, source, detailType, detail);
      expect(answered ?? 'ignored').toMatch(/^(RequestRejected (SenderNotAllowed|UnknownSource)|ignored)$/);
      expect(accounts).toEqual([{ ...aRecord(), ...accountKey(MEMBER) }]);
      expect(work).toEqual([]);
    }
  });
});
