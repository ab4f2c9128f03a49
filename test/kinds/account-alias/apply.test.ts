import { CreateAccountAliasCommand, ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from '@jest/globals';
import { accountAlias } from '../../../controllers/kinds/account-alias/kind.ts';
import { kindContext } from '../../kit/kind-context.ts';
import { awsError, on } from '../../kit/sdk.ts';

const wanted = { name: 'acme', adopt: false };
const difference = {
  kind: 'accountAlias',
  resource: 'account alias',
  path: 'name',
  action: 'created',
} as const;

/** Creates the alias in an account that has this one, where IAM says that the name is taken. */
async function create(has: readonly string[]) {
  const { context, outputs, written } = kindContext([
    on(ListAccountAliasesCommand, () => ({ AccountAliases: [...has] })),
    on(CreateAccountAliasCommand, () => {
      throw awsError('EntityAlreadyExistsException');
    }),
  ]);
  await accountAlias.apply({ wanted, actual: undefined, differences: [difference] }, context);
  return { outputs, written };
}

describe('an account alias that is already taken', () => {
  it('is ours if the account has it: its create call was not answered', async () => {
    expect(await create(['acme'])).toEqual({
      outputs: { 'accountAlias.name': 'acme', 'accountAlias.keptBy': 'orgkeeper' },
      written: ['account alias name'],
    });
  });

  it('belongs to another account if this one does not have it, and the remedy is another name', async () => {
    await expect(create([])).rejects.toMatchObject({
      name: 'InvalidDesiredState',
      reason: 'AliasTaken',
      remedy: expect.stringContaining('Name another alias'),
    });
  });
});

describe('an account alias with a name that is not known', () => {
  const diffOf = (name: string) => accountAlias.diff({ name, adopt: false }, undefined);

  it('waits for the output that it names', () => {
    expect(diffOf('acme-${vpc.id}')).toMatchObject({
      differences: [],
      blocked: [{ reason: 'WaitingForOutputs' }],
    });
  });

  it('needs a value that the account does not have', () => {
    expect(diffOf('acme-${values.team}')).toMatchObject({
      differences: [],
      blocked: [{ reason: 'ValueMissing' }],
    });
  });
});
