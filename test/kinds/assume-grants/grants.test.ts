import {
  DeleteUserPolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/assume-grants/apply.ts';
import { compare } from '../../../controllers/kinds/assume-grants/compare.ts';
import { observe } from '../../../controllers/kinds/assume-grants/observe.ts';
import { AssumeGrantsSection, policyOf, render } from '../../../controllers/kinds/assume-grants/section.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, awsError, on } from '../../kit/sdk.ts';

const READER = 'arn:aws:iam::999999999999:role/lake/reader';
const ROLE = `arn:aws:iam::${memberAccount.accountId}:role/analysis/a`;
const USER = `arn:aws:iam::${memberAccount.accountId}:user/ann`;

/** An account with these principals and policies, and what a run of the section does there. */
async function run(
  section: unknown,
  has: { readonly principals?: readonly string[]; readonly policies?: Readonly<Record<string, object>> },
  recorded: Record<string, string> = {},
) {
  const wanted = render(AssumeGrantsSection.parse(section), () => undefined, memberAccount);
  const unless = <T>(isThere: boolean, answer: T): T => {
    if (isThere) return answer;
    throw awsError('NoSuchEntityException');
  };
  const policyIn = (name: string) => {
    const PolicyDocument = encodeURIComponent(JSON.stringify(has.policies?.[name]));
    return unless(has.policies?.[name] !== undefined, { PolicyName: 'orgkeeper-assume', PolicyDocument });
  };
  const isThere = (name = '') => has.principals?.includes(name) === true;
  const { context, sent, written, outputs } = kindContext(
    [
      on(GetUserPolicyCommand, ({ UserName = '' }) => ({ UserName, ...policyIn(UserName) })),
      on(GetRolePolicyCommand, ({ RoleName = '' }) => ({ RoleName, ...policyIn(RoleName) })),
      on(GetUserCommand, ({ UserName = '' }) =>
        unless(isThere(UserName), {
          User: { UserName, UserId: 'AIDA', Path: '/', CreateDate: NOW, Arn: USER },
        }),
      ),
      on(GetRoleCommand, ({ RoleName = '' }) =>
        unless(isThere(RoleName), {
          Role: { RoleName, RoleId: 'AROA', Path: '/analysis/', CreateDate: NOW, Arn: ROLE },
        }),
      ),
      ...accepting(PutUserPolicyCommand, PutRolePolicyCommand, DeleteUserPolicyCommand),
    ],
    { recorded },
  );
  const observation = await observe(wanted, context);
  if (observation.state !== 'absent' && observation.state !== 'present') throw new Error(observation.state);
  const actual = observation.state === 'present' ? observation.actual : undefined;
  const reads = [...sent];
  const { differences, blocked } = compare(wanted, actual);
  const error: unknown = await apply({ wanted, actual, differences }, context).catch((thrown) => thrown);
  const puts = sent.filter(({ name }) => name.startsWith('Put'));
  return { reads, differences, blocked, error, written, puts, outputs };
}

const grant = { role: 'a', assume: [READER], passRole: true };
const right = policyOf(grant, memberAccount.owner, ROLE) ?? {};

describe('granting', () => {
  test('costs one read a principal while all is as it should be, all of them in one step', async () => {
    const section = [grant, { user: 'ann', assume: [READER] }];
    const { reads, differences, blocked } = await run(
      section,
      {
        policies: {
          a: right,
          ann: policyOf({ assume: [READER], passRole: false }, memberAccount.owner, '') ?? {},
        },
      },
      { 'assumeGrant.role/a': ROLE, 'assumeGrant.user/ann': USER },
    );
    expect(reads.map(({ name, step }) => [name, step])).toEqual([
      ['GetRolePolicy', 1],
      ['GetUserPolicy', 1],
    ]);
    expect({ differences, blocked }).toEqual({ differences: [], blocked: [] });
  });

  test('lets a role pass itself by the path that it has', async () => {
    const { puts, outputs } = await run([grant], { principals: ['a'] });
    expect(puts.map(({ input }) => JSON.parse(String(input.PolicyDocument)))).toEqual([right]);
    expect(outputs).toEqual({ 'assumeGrant.role/a': ROLE });
  });

  test('reports a user that does not exist, writes the others, and says what to do', async () => {
    const section = [
      { user: 'nobody', assume: [READER] },
      { user: 'ann', assume: [READER] },
    ];
    const { blocked, written, error } = await run(section, { principals: ['ann'] });
    expect(blocked).toEqual([
      expect.objectContaining({
        reason: 'PrincipalMissing',
        message: expect.stringMatching(/^There is no user nobody .* create it and sweep the account/),
      }),
    ]);
    expect(written).toEqual(['user ann inlinePolicies.orgkeeper-assume']);
    expect(error).toBeUndefined();
  });

  test('waits for a role that does not exist, for the same run may make it', async () => {
    const { blocked, written, error } = await run([grant, { user: 'ann', assume: [READER] }], {
      principals: ['ann'],
    });
    expect(blocked).toEqual([]);
    expect(written).toEqual(['user ann inlinePolicies.orgkeeper-assume']);
    expect(error).toMatchObject({
      name: 'NotYetConsistent',
      reason: 'PrincipalMissing',
      message: expect.stringContaining('There is no role a in the account'),
    });
  });

  test('takes a grant away once nobody exports its roles any more', async () => {
    const { differences, blocked, error, outputs } = await run(
      [{ user: 'ann', assume: ['${imports.readers}'] }],
      { policies: { ann: right } },
      { 'assumeGrant.user/ann': USER },
    );
    expect(differences).toMatchObject([{ resource: 'user ann', action: 'removed' }]);
    expect(blocked).toMatchObject([{ reason: 'WaitingForOutputs' }]);
    expect(error).toBeUndefined();
    expect(outputs).toEqual({ 'assumeGrant.user/ann': undefined });
  });

  test('keeps every recorded grant while the name of a principal is not known', async () => {
    const { differences, reads } = await run(
      [{ role: '${roles.a.name}', assume: [READER] }],
      { policies: { a: right } },
      { 'assumeGrant.role/a': ROLE },
    );
    expect({ differences, reads }).toEqual({ differences: [], reads: [] });
  });

  test('forgets a principal that the baseline no longer names and that has no grant any more', async () => {
    const { outputs } = await run([], {}, { 'assumeGrant.user/ann': USER });
    expect(outputs).toEqual({ 'assumeGrant.user/ann': undefined });
  });
});
