import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { managedKinds, namesOf } from '../../controllers/engine/desired-state.ts';
import { openAll, readingSessions, writingPolicy } from '../../controllers/engine/session.ts';
import { parseBaseline } from '../../controllers/kinds/baseline.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { type AnyKind, resourcesOf } from '../../controllers/kinds/kind.ts';
import { actionsOf, type Command, serviceOf } from '../../shared/aws/actions.ts';
import { parsePolicy } from '../../shared/policy/document.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../kit/factories.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, Policy */
const LIMIT = 2_048;

const text = readFileSync('infra/baselines/analytics.yaml', 'utf8');
const parsed = parseBaseline(text, kinds);
if ('problems' in parsed) throw new Error('the shipped baseline is not valid');
const baseline = { ...parsed.baseline, schemaVersion: 1 as const, version: 1, text, publishedAt: '' };
type Kept = ReturnType<typeof managedKinds>[number];
const outputs = {
  'vpc.id': 'vpc-1',
  'vpc.cidr': '10.0.0.0/16',
  'subnet.public.id': 'subnet-1',
  'role.arn': 'arn',
};
const arnsOf = ({ kind, section }: Kept, recorded: Record<string, string> = {}) => {
  const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
  const wanted = kind.render(section, namesOf(aRecord(), aConfig(), outputs), account);
  return resourcesOf(kind, wanted, account, recorded);
};
const allows = (policy: string, action: string, resource: string) =>
  evaluate(
    { principal: { arn: `arn:aws:iam::${MEMBER}:role/x` }, action, resource },
    { identity: [parsePolicy(policy)] },
  ).decision === 'Allowed';

/** A kind that only declares: reads of this many things in each of several services, and as many writes. */
function declaring(index: number): AnyKind {
  const thing = `${['Account', 'Bucket', 'Delegated', 'Encryption', 'Guard'][index % 5]}Thing${index}`;
  return {
    name: thing,
    permissions: {
      read: [
        `ec2:Describe${thing}s`,
        `ec2:Get${thing}Settings`,
        `iam:Get${thing}`,
        `iam:List${thing}Tags`,
        `ssm:Describe${thing}`,
        `tag:Get${thing}`,
      ],
      write: [`ec2:Modify${thing}`, `ec2:Create${thing}`, `iam:Put${thing}`, `ssm:Update${thing}`],
    },
  } as unknown as AnyKind;
}

describe.each([
  ['all kinds', kinds, 1],
  ['all kinds and fifty more', [...kinds, ...Array.from({ length: 50 }, (_, at) => declaring(at))], 5],
])('readingSessions for %s', (_, all, most) => {
  const sessions = readingSessions(all);
  const policyFor = (command: Command) =>
    sessions.find(({ services }) => services.includes(serviceOf(command)))?.policy ?? '';

  it('fit into the session policy of STS, each for whole services, and are as few as possible', () => {
    for (const { policy } of sessions) expect(policy.length).toBeLessThanOrEqual(LIMIT);
    const services = sessions.flatMap((session) => session.services);
    expect(services).toEqual([...new Set(services)]);
    expect(sessions.length).toBeLessThanOrEqual(most);
  });

  it('may do what every kind reads, and nothing that a kind writes', () => {
    const read = all.flatMap(({ permissions }) => permissions.read);
    const written = all.flatMap(({ permissions }) => permissions.write).filter((one) => !read.includes(one));
    expect(written.length).toBeGreaterThan(20);
    for (const command of read) {
      for (const action of actionsOf([command])) {
        expect([action, allows(policyFor(command), action, 'arn:aws:x:::y')]).toEqual([action, true]);
      }
    }
    // Where names had to be shortened, a call that only reads may be covered by what it begins with.
    const changing = most === 1 ? written : written.filter((one) => !/:(Get|List|Describe)/.test(one));
    for (const action of actionsOf(changing)) {
      const allowing = sessions.filter(({ policy }) => allows(policy, action, 'arn:aws:x:::y'));
      expect([action, allowing]).toEqual([action, []]);
    }
  });

  it('are the same in whatever order the kinds are, so that open sessions are used again', () => {
    expect(readingSessions([...all].reverse())).toEqual(sessions);
  });
});

describe('the sessions for reading', () => {
  const opens = async (all: readonly AnyKind[]) => {
    const opened: string[] = [];
    const credentials = await openAll(readingSessions(all), async (policy) => {
      opened.push(policy);
      return { accessKeyId: policy, secretAccessKey: '' };
    });
    return { opened, credentials };
  };

  it('are opened once each, and the calls of a service are made in its own session', async () => {
    const all = Array.from({ length: 50 }, (_, at) => declaring(at));
    const { opened, credentials } = await opens(all);
    expect(opened.length).toBeGreaterThan(1);
    for (const { services, policy } of readingSessions(all)) {
      for (const service of services) expect(credentials(service).accessKeyId).toBe(policy);
    }
  });

  it('do not exist for a service that no kind declares', async () => {
    const { credentials } = await opens([declaring(1)]);
    expect(() => credentials('s3control')).toThrow('No kind declares that it reads from s3control');
  });
});

describe.each(managedKinds(baseline, kinds).map((kept) => [kept.kind.name, kept] as const))(
  'writingPolicy for %s',
  (_, kept) => {
    const resources = arnsOf(kept);
    const policy = writingPolicy(kept.kind, resources);

    it('fits into the session policy of STS', () => {
      expect(policy.length).toBeLessThanOrEqual(LIMIT);
    });

    it('may write what this kind writes, and nothing that only others write', () => {
      const own = new Set(actionsOf([...kept.kind.permissions.read, ...kept.kind.permissions.write]));
      const others = actionsOf(kinds.flatMap(({ permissions }) => permissions.write)).filter(
        (action) => !own.has(action),
      );
      const resource = resources[0] === '*' ? 'arn:aws:x:::y' : (resources[0] ?? '');
      for (const action of own) expect([action, allows(policy, action, resource)]).toEqual([action, true]);
      for (const action of others)
        expect([action, allows(policy, action, resource)]).toEqual([action, false]);
    });
  },
);

describe('writingPolicy for the execution role', () => {
  it('may write that role only', () => {
    const kept = managedKinds(baseline, kinds)[0];
    if (!kept) throw new Error('no kind');
    const policy = writingPolicy(kept.kind, arnsOf(kept));
    expect(allows(policy, 'iam:PutRolePolicy', `arn:aws:iam::${MEMBER}:role/orgkeeper-execution`)).toBe(true);
    expect(allows(policy, 'iam:PutRolePolicy', `arn:aws:iam::${MEMBER}:role/admin`)).toBe(false);
  });
});

describe('writingPolicy for the role with the longest name in the longest partition', () => {
  const [kept] = managedKinds(baseline, kinds);
  if (!kept) throw new Error('no kind');
  const arnOf = (name: string) =>
    `arn:aws-us-gov:iam::${MEMBER}:role/${'p'.repeat(510)}/${name.padEnd(64, 'n')}`;
  const [role = '', ...former] = ['now', 'a', 'b', 'c', 'd'].map(arnOf);

  it('names the role, if it is the only one, and the role by which the account may be entered', () => {
    const policy = writingPolicy(kept.kind, [role]);
    expect(policy.length).toBeLessThanOrEqual(LIMIT);
    expect(allows(policy, 'iam:DeleteRole', role)).toBe(true);
    expect(allows(policy, 'iam:DeleteRole', arnOf('a'))).toBe(false);
  });

  it('allows the removal of roles under earlier names, and of no role of another account', () => {
    const policy = writingPolicy(kept.kind, [role, ...former]);
    expect(policy.length).toBeLessThanOrEqual(LIMIT);
    for (const one of [role, ...former]) expect(allows(policy, 'iam:DeleteRole', one)).toBe(true);
    expect(allows(policy, 'iam:DeleteRole', role.replace(MEMBER, MAIN))).toBe(false);
  });
});

describe('writingPolicy for the parameters', () => {
  const kept = managedKinds(baseline, kinds).find(({ kind }) => kind.name === 'parameters');
  if (!kept) throw new Error('no kind');
  const arn = (name: string) => `arn:aws:ssm:eu-west-1:${MEMBER}:parameter${name}`;
  const puts = (policy: string, resource: string) => allows(policy, 'ssm:PutParameter', resource);
  const policyOf = (names: readonly string[]) => writingPolicy(kept.kind, names.map(arn));
  const many = (prefix: string) => Array.from({ length: 60 }, (_, index) => `${prefix}/${index}`);

  it('may write the parameters of the baseline, and recorded ones, and no others', () => {
    const recorded = { 'parameter./data/old': arn('/data/old') };
    const policy = writingPolicy(kept.kind, arnsOf(kept, recorded));
    expect(puts(policy, arn('/orgkeeper/account/id'))).toBe(true);
    expect(allows(policy, 'ssm:DeleteParameter', arn('/data/old'))).toBe(true);
    expect(puts(policy, arn('/orgkeeper/account/other'))).toBe(false);
    expect(puts(policy, arn('/data/older'))).toBe(false);
    expect(puts(policy, arn('/orgkeeper/account/id').replace('eu-west-1', 'us-east-1'))).toBe(false);
  });

  it('widens the ARNs to the level above if they do not fit', () => {
    const policy = policyOf([...many('/team/a'), ...many('/team/b'), '/one']);
    expect(policy.length).toBeLessThanOrEqual(LIMIT);
    for (const name of ['/team/a/0', '/team/b/59', '/one']) expect(puts(policy, arn(name))).toBe(true);
    for (const name of ['/team/c', '/two']) expect(puts(policy, arn(name))).toBe(false);
  });

  it('fits into the session policy of STS, however many and however long the ARNs are', () => {
    const long = `/${'x'.repeat(900)}`;
    const scattered = Array.from({ length: 200 }, (_, index) => `/${index}${'y'.repeat(30)}/z`);
    for (const names of [scattered, many(long), [`${long}1`, `${long}2`, `${long}3`], many('')]) {
      const policy = policyOf(names);
      expect(policy.length).toBeLessThanOrEqual(LIMIT);
      expect(names.filter((name) => !puts(policy, arn(name)))).toEqual([]);
      expect(puts(policy, arn('/any').replace(MEMBER, MAIN))).toBe(false);
    }
  });

  it('allows no write if there are no ARNs', () => {
    const policy = writingPolicy(kept.kind, []);
    expect(puts(policy, arn('/one'))).toBe(false);
    expect(JSON.parse(policy).Statement).toHaveLength(1);
  });
});

describe('the session for writing clusters', () => {
  const clusters = kinds.find(({ name }) => name === 'clusters');
  const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
  const section = { most: 1, instanceTypes: ['m5.xlarge'], longest: '1h', subnet: 'subnet-1' };
  const policy = () => {
    if (!clusters) throw new Error('there is no such kind');
    const wanted = clusters.render(clusters.section.parse(section), () => undefined, account);
    return writingPolicy(clusters, resourcesOf(clusters, wanted, account, {}));
  };
  const role = (name: string) => `arn:aws:iam::${MEMBER}:role/${name}`;

  it('allows on any resource what AWS decides without one, and nothing else', () => {
    expect(allows(policy(), 'elasticmapreduce:RunJobFlow', '*')).toBe(true);
    expect(allows(policy(), 'iam:PutRolePolicy', role('analysis-clusters-service-eu-west-1'))).toBe(true);
    for (const action of ['iam:PutRolePolicy', 'iam:PassRole', 'iam:CreateRole'])
      expect(allows(policy(), action, role('analysis-other'))).toBe(false);
  });
});
