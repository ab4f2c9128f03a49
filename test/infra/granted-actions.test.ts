import { describe, expect, it } from '@jest/globals';
import { policyWarnings } from '../../cli/policy-warnings.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { actionsOf } from '../../shared/aws/actions.ts';
import { documentedPolicy, permissionRows } from '../kit/journey/documented-permissions.ts';
import { CONTEXT, templates } from './support.ts';

/** What AWS would never apply in these policies. Intrinsic functions are no texts, and nothing is said of them. */
const warnings = async (policies: unknown) =>
  (await policyWarnings(JSON.stringify(policies))).map(({ path, message }) => `${path}: ${message}`);

describe('Every granted action, resource and condition key fits together on AWS', () => {
  it.each([
    ['three accounts', {}],
    ['Main as the management account', { managementAccountId: CONTEXT.mainAccountId }],
  ])('in the stacks of %s', async (_, changes) => {
    const resources = Object.values(templates(changes)).flatMap((stack) => Object.entries(stack));
    const policies = resources.filter(([, { Properties }]) =>
      JSON.stringify(Properties ?? {}).includes('"Statement"'),
    );
    expect(policies.length).toBeGreaterThan(10);
    for (const [name, { Properties }] of policies) {
      expect([name, await warnings(Properties)]).toEqual([name, []]);
    }
  });

  it('in the sessions of every kind', async () => {
    for (const { name, permissions } of kinds) {
      const Action = actionsOf([...permissions.read, ...permissions.write]);
      expect(Action.length).toBeGreaterThan(1);
      expect([name, await warnings({ Statement: { Effect: 'Allow', Action, Resource: '*' } })]).toEqual([
        name,
        [],
      ]);
    }
  });

  it('in the permissions that docs/operations.md documents', async () => {
    const rows = permissionRows();
    const commands = [...new Set(rows.flatMap((row) => row.commands))];
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) {
      const policy = documentedPolicy(command, rows, { main: CONTEXT.mainAccountId, region: CONTEXT.region });
      expect([command, await warnings(JSON.parse(policy))]).toEqual([command, []]);
    }
  });
});
