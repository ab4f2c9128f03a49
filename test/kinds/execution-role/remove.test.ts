import {
  DeleteRoleCommand,
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { remove } from '../../../controllers/kinds/execution-role/apply.ts';
import { ExecutionRoleSection, render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { NOW } from '../../kit/clock.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../../kit/factories.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, on } from '../../kit/sdk.ts';

const arn = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;
const TRUST = { Statement: [{ Effect: 'Allow', Principal: { AWS: MAIN }, Action: 'sts:AssumeRole' }] };
const entry = entryOf(aRecord({ executionRoleArn: arn('theirs') }), aConfig(), kinds);
if (!entry) throw new Error('no entry');
const wanted = render(ExecutionRoleSection.parse({ name: 'baseline', trustPolicy: TRUST }), () => undefined, {
  ...memberAccount,
  entry,
});

/** Removes in an account that is entered by its owner's role; which roles were deleted, and what is recorded then. */
async function removed(recorded: Record<string, string>) {
  const deleted: string[] = [];
  const { context, outputs } = kindContext(
    [
      on(GetRoleCommand, ({ RoleName = '' }) => ({
        Role: { ...{ RoleName, RoleId: 'AROA', Path: '/', CreateDate: NOW }, Arn: arn(RoleName) },
      })),
      on(DeleteRoleCommand, ({ RoleName = '' }) => void deleted.push(RoleName)),
      ...accepting(
        ListInstanceProfilesForRoleCommand,
        ListRolePoliciesCommand,
        ListAttachedRolePoliciesCommand,
      ),
    ],
    { recorded },
  );
  await remove(wanted, context);
  const left = Object.entries(outputs).filter(([, value]) => value !== undefined);
  return { deleted, left: Object.fromEntries(left) };
}

describe("removal of the role of an account that is entered by its owner's", () => {
  test("removes our earlier roles, and says that the owner's role stays", async () => {
    const theirs = { 'role.arn': arn('theirs'), 'role.name': 'theirs', 'role.keptBy': 'owner' };
    const { deleted, left } = await removed({ ...theirs, 'role.former': `${arn('first')} ${arn('second')}` });
    expect(deleted).toEqual(['first', 'second']);
    expect(left).toEqual(theirs);
  });

  test('removes the role that was ours until the owner named another', async () => {
    const { deleted, left } = await removed({ 'role.arn': arn('first'), 'role.name': 'first' });
    expect(deleted).toEqual(['first']);
    expect(left).toEqual({});
  });
});
