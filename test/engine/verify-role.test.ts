import { describe, expect, it } from '@jest/globals';
import { needsVerifying, verifyRole } from '../../controllers/engine/access-check.ts';
import type { Clock, RoleInQuestion } from '../../controllers/engine/model.ts';
import { errorFinding } from '../../controllers/engine/report.ts';
import { eventually } from '../../controllers/engine/retry.ts';
import { translateError } from '../../shared/aws/translate-error.ts';
import { AccessDenied, NotYetConsistent } from '../../shared/domain/errors.ts';
import { testClock } from '../kit/clock.ts';
import { aConfig, aRecord, aStatus, MEMBER } from '../kit/factories.ts';

const { runnerRoleArn, organizationId } = aConfig();
const { externalId } = aRecord();
const roleArn = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const trust = (principal: string, asked?: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      ...(asked && { Condition: { StringEquals: { 'sts:ExternalId': asked } } }),
    },
  ],
});
const role: RoleInQuestion = {
  accountId: MEMBER,
  roleArn,
  runnerRoleArn,
  organizationId,
  region: 'eu-west-1',
  externalId,
  executionRolePattern: 'orgkeeper-execution*',
  entered: true,
  trust: trust(runnerRoleArn, externalId),
};

type Ask = 'right' | 'none' | 'wrong';
const healthy = (ask: Ask) => ask === 'right';

/** STS that admits whom `admits` says, with the denial given. */
function stsThat(
  admits: (ask: Ask) => boolean,
  denial: Error = new AccessDenied('sts:AssumeRole: not authorized'),
) {
  const asked: Ask[] = [];
  return {
    asked,
    async tryRole(_: string, __: unknown, given?: string) {
      const ask = given === undefined ? 'none' : given === externalId ? 'right' : 'wrong';
      asked.push(ask);
      if (!admits(ask)) throw denial;
      return { accessKeyId: 'x', secretAccessKey: 'x' };
    },
  };
}

const verify = (
  sts: ReturnType<typeof stsThat>,
  options: { role?: Partial<RoleInQuestion>; changed?: boolean; clock?: Clock } = {},
) =>
  verifyRole(
    { ...role, ...options.role },
    { passId: 'pass', changed: options.changed ?? false },
    { access: sts, ...(options.clock ?? testClock()) },
  );
const nobody = () => false;
const everybody = () => true;

describe('verifyRole', () => {
  it('accepts only a role that admits the runner with the ExternalId and refuses it without', async () => {
    const sts = stsThat(healthy);
    expect(await verify(sts)).toEqual({ ok: true });
    expect(sts.asked.sort()).toEqual(['none', 'right', 'wrong']);
  });

  it.each([
    [
      'there is no such role',
      nobody,
      { trust: 'none' as const },
      'RoleMissing',
      /owner make it; `orgkeeper template/,
    ],
    [
      'its trust asks for another ExternalId',
      nobody,
      { trust: trust(runnerRoleArn, 'other') },
      'ExternalIdDiffers',
      /register the account again with that one, or have the account's owner put the account's there/,
    ],
    [
      'its trust names somebody else',
      nobody,
      { trust: trust(`arn:aws:iam::${MEMBER}:root`, externalId) },
      'MainNotTrusted',
      /does not admit arn:.*WorkflowLoopRunnerRole: have the account's owner put it there/,
    ],
    [
      'its principal is gone',
      nobody,
      { trust: trust('AROAEXAMPLEID123456789', externalId) },
      'MainNotTrusted',
      /owner put it there/,
    ],
    ['its trust is no policy', nobody, { trust: 'nonsense' }, 'MainNotTrusted', /owner put it there/],
    [
      'it takes anything',
      everybody,
      { trust: trust(runnerRoleArn) },
      'AssumableWithoutExternalId',
      /without an ExternalId: have the account's owner require sts:ExternalId in its trust policy/,
    ],
    [
      'it takes a wrong ExternalId',
      (ask: Ask) => ask !== 'none',
      {},
      'AssumableWithoutExternalId',
      /with a wrong ExternalId: .* require sts:ExternalId/,
    ],
    [
      'nobody could look at it',
      nobody,
      { trust: undefined },
      'ExecutionRoleDenied',
      /`orgkeeper template member --account \d+` shows what it must be/,
    ],
    [
      'its trust admits us and AWS does not',
      nobody,
      {},
      'NotAssumable',
      /look for an organization policy that denies sts:AssumeRole/,
    ],
    [
      'IAM lets Main assume other names only',
      nobody,
      { executionRolePattern: 'other-*' },
      'NameNotAllowed',
      /rename the role in the baseline, or change the pattern/,
    ],
  ])('says so, with the remedy, when %s', async (_, admits, changes, reason, remedy) => {
    const { trust: known, ...others } = { trust: role.trust, ...changes };
    const { trust: __, ...bare } = role;
    const asked = { ...bare, ...others, ...(known !== undefined && { trust: known }) };
    const verdict = await verifyRole(
      asked,
      { passId: 'pass', changed: false },
      { access: stsThat(admits), ...testClock() },
    );
    expect(verdict).toMatchObject({ ok: false, reason, message: expect.stringContaining(roleArn) });
    expect(verdict).toMatchObject({ message: expect.stringMatching(remedy) });
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
  it.each([
    'with an explicit deny in a service control policy',
    'because no service control policy allows the sts:AssumeRole action',
    'with an explicit deny in a resource control policy',
    'because no resource control policy allows the sts:AssumeRole action',
  ])(
    "recognises a denial by an organization policy by AWS's words, however deep the error is: %s",
    async (words) => {
      const said = new Error(
        `User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sts:AssumeRole ${words}`,
      );
      const denial = new AccessDenied('denied', {
        cause: new AccessDenied('sts:AssumeRole', { cause: said }),
      });
      expect(await verify(stsThat(nobody, denial))).toMatchObject({
        reason: 'DeniedByOrganizationPolicy',
        message: expect.stringMatching(
          /: except arn:.*WorkflowLoopRunnerRole in the policy that applies to account/,
        ),
      });
    },
  );

  it.each([
    ['RegionDisabledException', 'RegionDisabled', 'Activate STS in that region of the account.'],
    ['OptInRequired', 'OptInRequired', /Enable the region in the account/],
    ['PendingVerification', 'PendingVerification', /up to four hours/],
    ['SubscriptionRequiredException', 'SubscriptionRequired', /still activating the account/],
  ])(
    'leaves a region or an account that is not ready to the run, which names the remedy: %s',
    async (name, reason, remedy) => {
      const denial = translateError('sts:AssumeRole', Object.assign(new Error('not now'), { name })) as Error;
      const thrown = await verify(stsThat(nobody, denial)).catch((error: unknown) => error);
      expect(thrown).toBe(denial);
      expect(errorFinding('Access', thrown)).toMatchObject({
        reason,
        message: expect.stringMatching(remedy),
      });
    },
  );

  it("tells the owner the remedy for the owner's role, and the operator that for ours", async () => {
    const differs = { trust: trust(runnerRoleArn, 'other') };
    expect(await verify(stsThat(nobody), { role: differs })).toMatchObject({
      message: expect.stringMatching(/owner put the account's there; `orgkeeper template member --account/),
    });
    expect(await verify(stsThat(nobody), { role: { ...differs, entered: false } })).toMatchObject({
      message: expect.stringMatching(/a run that may write corrects it/),
    });
  });

  it('allows a change ten seconds to become visible, for grants and for denials', async () => {
    const clock = testClock();
    const late = stsThat((ask) => (clock.passed() < 9_000 ? ask !== 'right' : ask === 'right'));
    expect(await verify(late, { changed: true, clock })).toEqual({ ok: true });
    const never = testClock();
    const verdict = await verify(stsThat(nobody), { changed: true, clock: never });
    expect(verdict).toMatchObject({ ok: false, refused: true, explained: false });
    expect(never.passed()).toBe(10_000);
  });

  it.each([
    ['without an ExternalId', {}],
    ['with a wrong ExternalId', { Condition: { StringLike: { 'sts:ExternalId': '*' } } }],
  ])(
    'says that the trust policy admits %s, even while STS still refuses by the previous one',
    async (how, condition) => {
      const Statement = trust(runnerRoleArn).Statement.map((one) => ({ ...one, ...condition }));
      const open = { trust: { Version: '2012-10-17', Statement } };
      expect(await verify(stsThat(healthy), { role: open, changed: true })).toMatchObject({
        reason: 'AssumableWithoutExternalId',
        message: expect.stringContaining(how),
        explained: true,
      });
    },
  );

  it('knows the organization of the runner if the trust policy has a condition on it', async () => {
    const Condition = {
      StringEquals: { 'sts:ExternalId': externalId, 'aws:PrincipalOrgID': organizationId },
    };
    const Statement = trust(runnerRoleArn).Statement.map((one) => ({ ...one, Condition }));
    const asking = { trust: { Version: '2012-10-17', Statement } };
    expect(await verify(stsThat(nobody), { role: asking })).toMatchObject({
      reason: 'NotAssumable',
      explained: false,
    });
  });

  it('says whether the trust policy explains the refusal, or IAM may not be consistent yet', async () => {
    const open = { trust: trust(runnerRoleArn) };
    expect(await verify(stsThat(everybody), { role: open })).toMatchObject({
      explained: true,
      refused: false,
    });
    expect(await verify(stsThat(everybody))).toMatchObject({ explained: false, refused: false });
  });
});

describe('needsVerifying', () => {
  const verified = {
    type: 'Access',
    status: 'True',
    reason: 'Verified',
    message: '',
    changedAt: '',
  } as const;
  const seen = { record: aRecord(), before: aStatus() };

  it('is false in a run without differences', () => {
    expect(needsVerifying(verified, false, seen)).toBe(false);
  });

  it('is true if the role differs, failed before, or was registered again', () => {
    expect(needsVerifying(verified, true, seen)).toBe(true);
    expect(needsVerifying({ ...verified, status: 'False' }, false, seen)).toBe(true);
    expect(needsVerifying(undefined, false, seen)).toBe(true);
    expect(needsVerifying(verified, false, { ...seen, record: aRecord({ generation: 4 }) })).toBe(true);
  });
});

describe('eventually', () => {
  const attempts = async (error: Error, alsoWhen: string[] = []) => {
    const clock = testClock();
    let count = 0;
    const call = async () => {
      count += 1;
      throw error;
    };
    const thrown = await eventually(call, clock, alsoWhen).catch((each: unknown) => each);
    return { count, seconds: clock.passed() / 1_000, thrown };
  };

  it('repeats a call while a principal is not visible yet, and says so in the end', async () => {
    const missing = new NotYetConsistent('Invalid principal in policy', { reason: 'PrincipalMissing' });
    expect(await attempts(missing)).toEqual({ count: 7, seconds: 10, thrown: missing });
  });

  it('repeats a denied call if a denial is expected to pass, and never otherwise', async () => {
    const denial = new AccessDenied('no');
    expect(await attempts(denial)).toEqual({ count: 1, seconds: 0, thrown: denial });
    const { seconds, thrown } = await attempts(denial, ['AccessDenied']);
    expect(seconds).toBe(10);
    expect(thrown).toBeInstanceOf(NotYetConsistent);
  });
});
