import { IAMClient } from '@aws-sdk/client-iam';
import { describe, expect, test } from '@jest/globals';
import { remove } from '../../../controllers/kinds/execution-role/remove.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/section.ts';
import { render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import type { KindContext } from '../../../controllers/kinds/kind.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../../kit/factories.ts';

const arn = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;
const TRUST = { Statement: [{ Effect: 'Allow', Principal: { AWS: MAIN }, Action: 'sts:AssumeRole' }] };
const entry = entryOf(aRecord({ executionRoleArn: arn('theirs') }), aConfig(), kinds);
if (!entry) throw new Error('no entry');
const wanted = render(ExecutionRoleSection.parse({ name: 'baseline', trustPolicy: TRUST }), () => undefined, {
  accountId: MEMBER,
  partition: 'aws',
  region: 'eu-west-1',
  owner: MAIN,
  entry,
});

/** Removes in an account that is entered by its owner's role; which roles were deleted, and what is recorded then. */
async function removed(recorded: Record<string, string>) {
  const deleted: string[] = [];
  const outputs: Record<string, string | undefined> = { ...recorded };
  const send = async ({ constructor: { name }, input }: { constructor: { name: string }; input: object }) => {
    const { RoleName } = input as { RoleName: string };
    if (name === 'GetRoleCommand') return { Role: { RoleName, Arn: arn(RoleName) } };
    if (name === 'DeleteRoleCommand') deleted.push(RoleName);
    return {};
  };
  const context = {
    account: { accountId: MEMBER, owner: MAIN },
    clients: { iam: Object.assign(new IAMClient({ region: 'eu-west-1' }), { send }) },
    recorded,
    record: (more: object) => Object.assign(outputs, more),
  } as unknown as KindContext;
  await remove(wanted, context);
  const left = Object.entries(outputs).filter(([, value]) => value !== undefined);
  return { deleted, left: Object.fromEntries(left) };
}

describe('removing the role of an account that is entered by it', () => {
  test('takes away those of ours before it, and says of the one that stays that it stays', async () => {
    const theirs = { 'role.arn': arn('theirs'), 'role.name': 'theirs', 'role.keptBy': 'owner' };
    const { deleted, left } = await removed({ ...theirs, 'role.former': `${arn('first')} ${arn('second')}` });
    expect(deleted).toEqual(['first', 'second']);
    expect(left).toEqual(theirs);
  });

  test('takes away the one that was ours until its owner named theirs', async () => {
    const { deleted, left } = await removed({ 'role.arn': arn('first'), 'role.name': 'first' });
    expect(deleted).toEqual(['first']);
    expect(left).toEqual({});
  });
});
