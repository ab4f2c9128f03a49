import { describe, expect, test } from '@jest/globals';
import { removeUnit } from '../../../controllers/engine/removal.ts';
import { observeUnits, runUnit } from '../../../controllers/engine/run-unit.ts';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/wanted.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { evaluate } from '../../../shared/policy/evaluate.ts';
import { systemClock } from '../../kit/clock.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../../kit/factories.ts';
import { memberAnswering } from '../../kit/kind-context.ts';
import { awsError, onEach } from '../../kit/sdk.ts';

/** An account that was entered by way of the organization, and now is by a role of another name: the old one is there. */

const arn = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;
const [OLD, OWN] = ['orgkeeper-execution', 'orgkeeper-execution-own'];
const config = aConfig();
const record = aRecord({ executionRoleArn: arn(OWN), origin: 'invited' });
const entry = entryOf(record, config, [executionRole]);
const made = {
  ...entry?.policy,
  Statement: [
    entry?.policy.Statement,
    {
      Sid: 'Reviews',
      Effect: 'Allow',
      Action: ['iam:GetAccountAuthorizationDetails', 's3:ListAllMyBuckets', 's3:GetBucketPolicy'],
      Resource: '*',
    },
    { Sid: 'Regions', Effect: 'Allow', Action: ['account:GetRegionOptStatus'], Resource: '*' },
  ].flat(),
};
const trust = {
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: config.runnerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': record.externalId } },
    },
  ],
};
const section = ExecutionRoleSection.parse({ name: OLD, trustPolicy: trust });
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));

const NAMED = { Key: 'orgkeeper:name', Value: 'executionRole' };

interface Input {
  readonly RoleName: string;
  readonly PolicyName: string;
  readonly PolicyDocument: string;
}

/** The account, in which the role in use may do what its inline policy says; the old role has a policy, too. */
function account(policy: unknown, { ours } = { ours: true }) {
  const roles = new Map([
    [OLD, new Map([['data', '{"Statement":[]}']])],
    [OWN, new Map([['orgkeeper', JSON.stringify(policy)]])],
  ]);
  const answers: Record<string, (input: Input, role: Map<string, string>) => object> = {
    GetRole: ({ RoleName }) => ({
      Role: {
        ...{ RoleName, Arn: arn(RoleName), Path: '/', AssumeRolePolicyDocument: encoded(trust) },
        Tags: RoleName === OLD || ours ? [{ Key: 'orgkeeper:owner', Value: MAIN }, NAMED] : [],
      },
    }),
    GetRolePolicy: ({ PolicyName }, role) => ({
      PolicyDocument: encodeURIComponent(role.get(PolicyName) ?? ''),
    }),
    ListRolePolicies: (_, role) => ({ PolicyNames: [...role.keys()] }),
    PutRolePolicy: ({ PolicyName, PolicyDocument }, role) => role.set(PolicyName, PolicyDocument),
    DeleteRolePolicy: ({ PolicyName }, role) => ({ was: role.delete(PolicyName) }),
    ListAttachedRolePolicies: ({ RoleName }) => ({
      AttachedPolicies: RoleName === OLD ? [{ PolicyArn: 'arn' }] : [],
    }),
    DeleteRole: ({ RoleName }) => ({ was: roles.delete(RoleName) }),
  };
  const { read, write } = executionRole.permissions;
  const iam = onEach([...read, ...write], (action, input: Input) => {
    const identity = [...(roles.get(OWN)?.values() ?? [])];
    const asked = { principal: { arn: arn(OWN) }, action, resource: arn(input.RoleName) };
    if (evaluate(asked, { identity }).decision !== 'Allowed') throw awsError('AccessDenied');
    const role = roles.get(input.RoleName);
    if (!role) throw awsError('NoSuchEntity');
    return answers[action.replace('iam:', '')]?.(input, role);
  });
  const clients = memberAnswering(...iam);
  const place = {
    record,
    config,
    outputs: { 'role.arn': arn(OLD), 'role.name': OLD } as Record<string, string>,
    clock: systemClock,
  };
  return {
    roles,
    place,
    async pass() {
      const [seen] = await observeUnits([{ kind: executionRole, section }], place, clients);
      if (!seen) throw new Error('not seen');
      const { state, differences } = await runUnit(seen, place, {
        may: async () => true,
        clients: async () => clients,
      });
      return { state, differences: differences.map(({ path, action }) => `${path} ${action}`) };
    },
    async retire() {
      const [seen] = await observeUnits([{ kind: executionRole, section }], place, clients);
      if (!seen) throw new Error('not seen');
      return (await removeUnit(seen, place, async () => clients)).state;
    },
  };
}

describe('our role in an account that is now entered by another one', () => {
  test('is named until it is removed, and then the role in use may no longer reach it', async () => {
    const { roles, pass } = account(made);
    expect(await pass()).toMatchObject({
      state: { is: 'blocked', reason: 'FormerRole' },
      differences: ['inlinePolicies.orgkeeper updated', ' reported'],
    });
    expect(await pass()).toMatchObject({ state: { reason: 'FormerRole' }, differences: [' reported'] });
    roles.delete(OLD);
    expect(await pass()).toMatchObject({ state: { is: 'inDesiredState' } });
    expect(JSON.parse(roles.get(OWN)?.get('orgkeeper') ?? '')).toEqual(made);
  });

  test('is removed when the account retires, and the role in use stays', async () => {
    const { roles, pass, retire, place } = account(made);
    await pass();
    expect(await retire()).toMatchObject({ is: 'removed' });
    expect([...roles.keys()]).toEqual([OWN]);
    expect(place.outputs).not.toHaveProperty('role.former');
  });

  test("can be searched only if the owner's role may read it", async () => {
    const policies = { Statement: { Effect: 'Allow', Action: 'iam:GetPolicy*', Resource: '*' } };
    const { roles, pass } = account(policies, { ours: false });
    const allowed = (Resource: unknown) =>
      JSON.stringify({ Statement: { Effect: 'Allow', Action: 'iam:*', Resource } });
    roles.get(OWN)?.set('iam', allowed(arn(OWN)));
    roles.delete(OLD);
    expect((await pass()).differences).toContain(`permissions.iam:GetRole on ${arn(OLD)} reported`);
    roles.get(OWN)?.set('iam', allowed('*'));
    expect(await pass()).toMatchObject({ state: { is: 'inDesiredState' }, differences: [] });
  });
});
