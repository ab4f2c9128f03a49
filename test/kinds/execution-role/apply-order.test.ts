import { describe, expect, test } from '@jest/globals';
import { apply } from '../../../controllers/kinds/execution-role/apply.ts';
import { compare } from '../../../controllers/kinds/execution-role/compare.ts';
import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection, render } from '../../../controllers/kinds/execution-role/wanted.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import type { KindAccount } from '../../../controllers/kinds/kind.ts';
import { entryOf } from '../../../controllers/kinds/kind-account.ts';
import { evaluate } from '../../../shared/policy/evaluate.ts';
import { aConfig, aRecord, MEMBER } from '../../kit/factories.ts';
import { memberAccount as account, kindContext } from '../../kit/kind-context.ts';
import { awsError, onEach } from '../../kit/sdk.ts';

/** A role whose policies hardly fit, or carry what lets Orgkeeper keep it: the order of the calls decides. */

const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
const ARN = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`;
const config = aConfig();
const entry = entryOf(aRecord({ executionRoleArn: ARN }), config, kinds);
const entered: KindAccount = { ...account, ...(entry && { entry }) };
const trustPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: config.runnerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': aRecord().externalId } },
    },
  ],
};
/** A policy of about so many characters. */
const long = (characters: number) => allow(`s3:Get${'x'.repeat(characters - 110)}`);

function allow(Action: string) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
}

interface World {
  readonly inline: Map<string, string>;
  readonly managed: Set<string>;
  /** What the session is denied, as the role's own policies stand: only of a role in use. */
  readonly denied: string[];
}

function world(inline: Record<string, object>, managed: string[] = []): World {
  const documents = Object.entries(inline).map(
    ([name, document]) => [name, JSON.stringify(document)] as const,
  );
  return { inline: new Map(documents), managed: new Set(managed), denied: [] };
}

/** One run over the world, which stops after so many calls; what it threw. */
async function pass(at: World, of: KindAccount, inlinePolicies: object, most = Number.POSITIVE_INFINITY) {
  const section = ExecutionRoleSection.parse({ name: 'orgkeeper-execution', trustPolicy, inlinePolicies });
  const wanted = render(section, () => undefined, of);
  const encoded = [...at.inline].map(([name, document]) => [
    name,
    Object.hasOwn(wanted.inlinePolicies, name) ? encodeURIComponent(document) : undefined,
  ]);
  const { arn, name, path, description, maxSessionDuration, tags } = wanted;
  const actual: ActualRole = {
    ...{ arn, name, path, description, maxSessionDuration, tags },
    trustPolicy: encodeURIComponent(JSON.stringify(trustPolicy)),
    inlinePolicies: Object.fromEntries(encoded),
    managedPolicies: [...at.managed],
    permissionsBoundary: undefined,
  };
  let calls = 0;
  const answers = onEach(executionRole.permissions.write, (action, input: Input) => {
    calls += 1;
    if (calls > most) throw new Error('stopped');
    return answer(at, of, action, input);
  });
  const { context } = kindContext(answers, { account: of });
  const { differences } = compare(wanted, actual);
  const failed = await apply({ wanted, actual, differences }, context).catch((error: unknown) => error);
  return { calls, failed };
}

interface Input {
  readonly PolicyName?: string;
  readonly PolicyDocument?: string;
  readonly PolicyArn?: string;
}

/** IAM: inline policies have 10,240 characters together, and a role in use may do what its policies allow. */
function answer(at: World, { entry }: KindAccount, action: string, input: Input): object {
  const { PolicyName = '', PolicyDocument = '', PolicyArn = '' } = input;
  const identity = [...at.inline.values(), ...(at.managed.has(ADMINISTRATOR) ? [allow('*')] : [])];
  const { decision } = evaluate({ principal: { arn: ARN }, action, resource: ARN }, { identity });
  if (entry && decision !== 'Allowed') {
    at.denied.push(action);
    throw awsError('AccessDenied', 'not authorized');
  }
  if (action === 'iam:PutRolePolicy') {
    const after = new Map(at.inline).set(PolicyName, PolicyDocument);
    if ([...after.values()].join('').length > 10_240) {
      const said = `Maximum policy size of 10240 bytes exceeded for role ${ARN}`;
      throw awsError('LimitExceededException', said);
    }
    at.inline.set(PolicyName, PolicyDocument);
  }
  if (action === 'iam:DeleteRolePolicy') at.inline.delete(PolicyName);
  if (action === 'iam:AttachRolePolicy') at.managed.add(PolicyArn);
  if (action === 'iam:DetachRolePolicy') at.managed.delete(PolicyArn);
  return {};
}

describe('apply with inline policies that hardly fit', () => {
  test.each([
    ['a policy is named otherwise', { first: long(5_900) }, { second: long(5_900) }],
    ['somebody deleted ours and added a long one', { backdoor: long(9_000) }, { ours: long(2_000) }],
    ['one grows by what another shrinks', { a: long(200), b: long(9_000) }, { a: long(9_000), b: long(200) }],
    ['what was added has the name of what every object has', { constructor: long(200) }, { ours: long(200) }],
  ])('needs one run: %s', async (_, standing, wanted) => {
    const at = world(standing);
    expect((await pass(at, account, wanted)).failed).toBeUndefined();
    expect(Object.fromEntries(at.inline)).toEqual(Object.fromEntries(world(wanted).inline));
  });

  test('is finished by the next run after a stop at any call', async () => {
    for (let most = 0, calls = 1; most < calls; most += 1) {
      const at = world({ first: long(5_900), backdoor: long(3_000) });
      calls = (await pass(at, account, { second: long(5_900) }, most)).calls;
      expect((await pass(at, account, { second: long(5_900) })).failed).toBeUndefined();
      expect([...at.inline.keys()]).toEqual(['second']);
    }
  });
});

describe('apply to a role in use that only an unowned policy lets us manage', () => {
  const standing = () => world({ mine: allow('iam:*') }, [ADMINISTRATOR]);

  test('adds our policy before it removes that one, so that a stopped run locks nobody out', async () => {
    for (let most = 0, calls = 1; most < calls; most += 1) {
      const at = standing();
      calls = (await pass(at, entered, { data: allow('s3:Get*') }, most)).calls;
      expect((await pass(at, entered, { data: allow('s3:Get*') })).failed).toBeUndefined();
      expect([[...at.inline.keys()].sort(), [...at.managed], at.denied]).toEqual([
        ['data', 'orgkeeper'],
        [],
        [],
      ]);
    }
  });

  test('keeps that policy if ours does not fit beside it, and names the remedy', async () => {
    const at = world({ mine: { ...allow('iam:*'), Id: 'x'.repeat(9_900) } });
    const { failed } = await pass(at, entered, {});
    expect(failed).toMatchObject({
      name: 'QuotaExceeded',
      remedy: expect.stringMatching(/^AWS does not raise this quota: delete an inline policy/),
    });
    expect([...at.inline.keys()]).toEqual(['mine']);
  });

  test('removes the added policy first if ours exists and must only be changed', async () => {
    const at = world({ backdoor: long(9_700), orgkeeper: allow('iam:*') });
    expect((await pass(at, entered, {})).failed).toBeUndefined();
    expect([...at.inline.keys()]).toEqual(['orgkeeper']);
  });
});
