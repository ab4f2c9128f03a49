import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  GetInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/roles/apply.ts';
import { compare } from '../../../controllers/kinds/roles/compare.ts';
import { RolesSection, render } from '../../../controllers/kinds/roles/section.ts';
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
  return { error, sent: sent.map(({ name }) => name), written, outputs };
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

  test('fails where the instance profile holds another role by now', async () => {
    const { error, written } = await making(section, full('other'));
    expect(error).toMatchObject({ message: expect.stringContaining('InstanceSessionsPerInstanceProfile') });
    expect(written).toEqual(['reader']);
  });
});
