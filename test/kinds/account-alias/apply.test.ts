import { describe, expect, it } from '@jest/globals';
import { accountAlias } from '../../../controllers/kinds/account-alias/kind.ts';
import type { WritingContext } from '../../../controllers/kinds/kind.ts';

const wanted = { name: 'acme', adopt: false };
const difference = {
  kind: 'accountAlias',
  resource: 'account alias',
  path: 'name',
  action: 'created',
} as const;

/** Creates the alias in an account that has this one, where IAM says that the name is taken. */
async function create(has: readonly string[]) {
  const recorded: object[] = [];
  const written: unknown[] = [];
  const iam = {
    async send({ constructor: { name } }: object) {
      if (name === 'ListAccountAliasesCommand') return { AccountAliases: has };
      throw Object.assign(new Error('taken'), { name: 'EntityAlreadyExistsException' });
    },
  };
  const context = {
    clients: { iam },
    recorded: {},
    record: (outputs: object) => void recorded.push(outputs),
    wrote: (differences: readonly unknown[]) => void written.push(...differences),
  } as unknown as WritingContext;
  await accountAlias.apply({ wanted, actual: undefined, differences: [difference] }, context);
  return { recorded, written };
}

describe('an account alias that is taken already', () => {
  it('is ours where the account has it: its creation was not answered', async () => {
    expect(await create(['acme'])).toEqual({
      recorded: [{ 'accountAlias.name': 'acme', 'accountAlias.keptBy': 'orgkeeper' }],
      written: [difference],
    });
  });

  it('is of another account where it has none, and waits for another name', async () => {
    await expect(create([])).rejects.toMatchObject({
      name: 'InvalidDesiredState',
      reason: 'AliasTaken',
      remedy: expect.stringContaining('Name another one'),
    });
  });
});

describe('an account alias with a name that is not known', () => {
  const diffOf = (name: string) => accountAlias.diff({ name, adopt: false }, undefined);

  it('waits for what gives it', () => {
    expect(diffOf('acme-${vpc.id}')).toMatchObject({
      differences: [],
      blocked: [{ reason: 'WaitingForOutputs' }],
    });
  });

  it('needs what the account lacks', () => {
    expect(diffOf('acme-${values.team}')).toMatchObject({
      differences: [],
      blocked: [{ reason: 'ValueMissing' }],
    });
  });
});
