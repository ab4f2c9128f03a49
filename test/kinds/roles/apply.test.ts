import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  GetInstanceProfileCommand,
  TagInstanceProfileCommand,
  UntagInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/roles/apply.ts';
import { compare } from '../../../controllers/kinds/roles/compare.ts';
import type { ActualBesideRole } from '../../../controllers/kinds/roles/observe.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { NOW } from '../../kit/clock.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { accepting, awsError, on } from '../../kit/sdk.ts';

const trusting = (AWS: string) => ({
  Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole' }],
});
const GONE = 'arn:aws:iam::999999999999:role/gone';

/** Makes these roles in an account where one principal does not exist. */
async function making(section: object, answers: Parameters<typeof kindContext>[0] = []) {
  const wanted = render(RolesSection.parse(section), () => undefined, memberAccount);
  const { context, sent, written, outputs } = kindContext([
    on(CreateRoleCommand, ({ AssumeRolePolicyDocument }) => {
      if (!AssumeRolePolicyDocument?.includes(GONE)) return {};
      throw awsError('MalformedPolicyDocumentException', `Invalid principal in policy: "AWS":"${GONE}"`);
    }),
    ...answers,
  ]);
  const { differences } = compare(wanted, undefined);
  const error: unknown = await apply({ wanted, actual: undefined, differences }, context).catch((e) => e);
  const inputs = (command: string) => sent.filter(({ name }) => name === command).map(({ input }) => input);
  return { error, inputs, written, outputs };
}

describe('making roles', () => {
  test('makes the others although one trusts a principal that does not exist, and names that one', async () => {
    const { error, written, outputs } = await making({
      waiting: { trustPolicy: trusting(GONE) },
      reader: { trustPolicy: trusting('999999999999') },
    });
    expect(written).toEqual(['reader']);
    expect(outputs).toMatchObject({
      'roles.reader.arn': `arn:aws:iam::${memberAccount.accountId}:role/reader`,
    });
    expect(outputs).not.toHaveProperty(['roles.waiting.arn']);
    expect(error).toMatchObject({
      name: 'NotYetConsistent',
      reason: 'PrincipalMissing',
      message: expect.stringMatching(/role\/waiting.*role\/gone/),
      remedy: expect.stringMatching(/^Create the role or user/),
    });
  });

  const holding = (RoleName: string) => ({
    InstanceProfile: {
      ...{ Path: '/', InstanceProfileName: 'reader', InstanceProfileId: 'AIPA', CreateDate: NOW },
      Arn: 'arn:aws:iam::456789012345:instance-profile/reader',
      Roles: [{ Path: '/', RoleName, RoleId: 'AROA', Arn: 'arn', CreateDate: NOW }],
    },
  });
  const full = (RoleName: string) => [
    ...accepting(CreateInstanceProfileCommand),
    on(AddRoleToInstanceProfileCommand, () => {
      throw awsError(
        'LimitExceededException',
        'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
      );
    }),
    on(GetInstanceProfileCommand, () => holding(RoleName)),
  ];
  const section = { reader: { trustPolicy: trusting('999999999999'), instanceProfile: true } };

  test('takes an instance profile that holds the role already as filled: its first answer was lost', async () => {
    const { error, written } = await making(section, full('reader'));
    expect(error).toBeUndefined();
    expect(written).toEqual(['reader', 'reader instanceProfile']);
  });

  test('makes an instance profile with the tags of its role', async () => {
    const tags = { team: 'genomics' };
    const { inputs } = await making({ reader: { ...section.reader, tags } }, [
      ...accepting(CreateInstanceProfileCommand, AddRoleToInstanceProfileCommand),
    ]);
    const made = ['CreateRole', 'CreateInstanceProfile'].map((name) => inputs(name)[0]?.Tags);
    expect(made[1]).toEqual(made[0]);
    expect(made[1]).toContainEqual({ Key: 'team', Value: 'genomics' });
  });

  test('corrects the tags of an instance profile with a call for those to put and one for those to remove', async () => {
    const wanted = render(RolesSection.parse(section), () => undefined, memberAccount);
    const role = { ...wanted.roles[0], isOurs: true } as unknown as NonNullable<ActualBesideRole['role']>;
    const arn = 'arn:aws:iam::456789012345:instance-profile/reader';
    const tags = { mine: '1', 'orgkeeper:name': 'roles.reader' };
    const profile = { arn, name: 'reader', path: '/', tags, roles: ['reader'], isOurs: true };
    const { context, sent, written } = kindContext(
      accepting(TagInstanceProfileCommand, UntagInstanceProfileCommand),
    );
    const differences = ['orgkeeper:owner', 'mine'].map(
      (key): Difference => ({
        ...{ kind: 'roles', resource: 'reader', action: 'updated' },
        path: `instanceProfile.tags.${key}`,
      }),
    );
    await apply(
      { wanted, actual: { found: { reader: { role, profile } }, former: [] }, differences },
      context,
    );
    expect(sent.map(({ name, input }) => [name, input.TagKeys ?? input.Tags])).toEqual([
      ['UntagInstanceProfile', ['mine']],
      ['TagInstanceProfile', [{ Key: 'orgkeeper:owner', Value: memberAccount.owner }]],
    ]);
    expect(written).toHaveLength(2);
  });

  test('fails where the instance profile holds another role by now', async () => {
    const { error, written } = await making(section, full('other'));
    expect(error).toMatchObject({ message: expect.stringContaining('InstanceSessionsPerInstanceProfile') });
    expect(written).toEqual(['reader']);
  });
});
