import {
  CreateRoleCommand,
  DeleteRoleCommand,
  ListRolesCommand,
  UntagRoleCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { formerRoles } from '../../controllers/kinds/execution-role/ownership.ts';
import { ExecutionRoleSection } from '../../controllers/kinds/execution-role/wanted.ts';
import { startMoto } from './moto.ts';
import { keeper, type Member, newMember } from './support.ts';

/** A baseline that gives the role another name: the old one still admits whom it admitted. */

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '345678901234' }, Action: 'sts:AssumeRole' }],
};
const named = (name: string) => ExecutionRoleSection.parse({ name, trustPolicy: TRUST });
const rolesOf = async ({ clients }: Member) =>
  (await clients.iam.send(new ListRolesCommand())).Roles?.map(({ RoleName }) => RoleName).sort();

let stop: () => Promise<void> = async () => undefined;
beforeAll(async () => {
  stop = await startMoto();
}, 90_000);
afterAll(() => stop());

/** An account whose role was made as `first`, then is wanted as the others, pass after pass. */
async function renamed(...names: string[]) {
  const member = newMember();
  const keep = keeper(executionRole, member, { section: named('first'), values: {}, onCall: () => {} });
  await keep.pass();
  for (const name of names) {
    keep.revise(named(name));
    await keep.pass();
  }
  const arn = (name: string) => `arn:aws:iam::${member.account.accountId}:role/${name}`;
  return { member, keep, arn };
}

describe('a role that has another name in the baseline now', () => {
  test('is named in the run that makes the new role, and in each later run', async () => {
    const { member, keep, arn } = await renamed();
    keep.revise(named('second'));
    for (const action of [['created'], []]) {
      const { comparison } = await keep.pass();
      expect(comparison?.differences.map((each) => each.action)).toEqual(action);
      expect(comparison?.blocked).toEqual([
        {
          reason: 'FormerRole',
          message: expect.stringMatching(/role\/first,.* still exists.*Delete it once nothing uses it/),
          difference: {
            kind: 'executionRole',
            resource: 'first',
            path: '',
            actual: { arn: arn('first') },
            action: 'reported',
          },
        },
      ]);
    }
    expect(await rolesOf(member)).toEqual(['first', 'second']);
    expect(keep.recorded()).toMatchObject({ 'role.arn': arn('second'), 'role.former': arn('first') });
  });

  test('is named even without its tags, and with all earlier ones', async () => {
    const { member, keep } = await renamed('second');
    const TagKeys = ['orgkeeper:owner', 'orgkeeper:name'];
    await member.clients.iam.send(new UntagRoleCommand({ RoleName: 'first', TagKeys }));
    keep.revise(named('third'));
    const { comparison } = await keep.pass();
    expect(comparison?.blocked.map(({ difference }) => difference.resource)).toEqual(['first', 'second']);
  });

  test('is not named once it is removed, or has its name again', async () => {
    const { member, keep, arn } = await renamed('second');
    keep.revise(named('first'));
    expect((await keep.pass()).comparison?.blocked).toMatchObject([{ difference: { resource: 'second' } }]);
    await member.clients.iam.send(new DeleteRoleCommand({ RoleName: 'second' }));
    expect((await keep.pass()).comparison).toMatchObject({ differences: [], blocked: [] });
    expect(keep.recorded()).toEqual({ 'role.arn': arn('first'), 'role.name': 'first' });
  });

  test('is removed with the new role, at any time, and no unowned role is', async () => {
    const { member, keep } = await renamed('second');
    const AssumeRolePolicyDocument = JSON.stringify(TRUST);
    await member.clients.iam.send(new CreateRoleCommand({ RoleName: 'theirs', AssumeRolePolicyDocument }));
    keep.revise(named('third'));
    await keep.remove();
    expect(await rolesOf(member)).toEqual(['theirs']);
    expect(keep.recorded()).toEqual({});
  });

  test('is never the role by which the account is entered, made by its owner or by our template', () => {
    const recorded = { 'role.arn': 'arn:aws:iam::456789012345:role/theirs', 'role.keptBy': 'orgkeeper' };
    expect(formerRoles({ name: 'second' }, recorded)).toEqual([]);
    expect(formerRoles({ name: 'second' }, { 'role.arn': recorded['role.arn'] })).toEqual([
      recorded['role.arn'],
    ]);
  });
});
