import { describe, expect, it } from '@jest/globals';
import { separateLeftovers } from '../../controllers/engine/leftovers.ts';
import type { Run } from '../../controllers/engine/model.ts';
import { allOutputs, divideOutputs, runIn } from '../../controllers/engine/places.ts';
import { executionRole } from '../../controllers/kinds/execution-role/kind.ts';
import { kindAccount } from '../../controllers/kinds/kind-account.ts';
import { network } from '../../controllers/kinds/network/kind.ts';
import { parameters } from '../../controllers/kinds/parameters/kind.ts';
import { aConfig, aRecord, aStatus } from '../kit/factories.ts';

const [A, B, C] = ['eu-west-1', 'us-east-1', 'ap-south-1'];
const kinds = [executionRole, network, parameters];
const baseline = { name: 'analytics', version: 3 };
const ROLE = { 'role.arn': 'arn', 'role.name': 'orgkeeper-execution' };
const NETWORK_A = { 'vpc.id': 'vpc-a', 'vpc.cidr': '10.0.0.0/16' };
const NETWORK_B = { 'vpc.id': 'vpc-b', 'vpc.cidr': '10.1.0.0/16' };
const inB = (outputs: Record<string, string>) =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`regions.${B}.${name}`, value]));
const both = { ...ROLE, ...NETWORK_A, ...inB(NETWORK_B) };

/** What is saved of an account that was in A, its home, and B, once it is desired in these regions. */
function moved(
  regions: readonly [string, ...string[]],
  given: {
    leftovers?: Run['stands']['leftovers'];
    outputs?: Record<string, string>;
    kept?: typeof kinds;
  } = {},
) {
  const { home, elsewhere } = divideOutputs(given.outputs ?? both);
  const record = aRecord({ regions, baseline });
  const run = {
    ...{ record, before: aStatus({}), regions, elsewhere },
    place: { record, config: aConfig(), outputs: home },
    stands: { home: { region: A, baseline }, leftovers: given.leftovers ?? [], making: [] },
  };
  const managed = (given.kept ?? kinds).map((kind) => ({ kind, section: {} }));
  separateLeftovers(run as unknown as Run, { config: aConfig(), kinds } as never, managed);
  const left = run.stands.leftovers.filter(({ outputs }) => Object.keys(outputs).length > 0);
  return { outputs: allOutputs(run as unknown as Run), leftovers: left };
}

describe('the outputs of an account in several regions', () => {
  it('are divided by region and joined again without a change', () => {
    const { home, elsewhere } = divideOutputs(both);
    expect(home).toEqual({ ...ROLE, ...NETWORK_A });
    expect([...elsewhere]).toEqual([[B, NETWORK_B]]);
    expect(moved([A, B])).toEqual({ outputs: both, leftovers: [] });
  });

  it('are exchanged if another region becomes the home region', () => {
    const inA = { [`regions.${A}.vpc.id`]: 'vpc-a', [`regions.${A}.vpc.cidr`]: '10.0.0.0/16' };
    expect(moved([B, A])).toEqual({ outputs: { ...ROLE, ...NETWORK_B, ...inA }, leftovers: [] });
  });

  it('of a region that is no longer listed become leftovers of that region, also of the home region', () => {
    const left = (region: string, outputs: Record<string, string>) => [
      { kind: 'network', region, baseline, outputs },
    ];
    expect(moved([A])).toEqual({ outputs: { ...ROLE, ...NETWORK_A }, leftovers: left(B, NETWORK_B) });
    expect(moved([B])).toEqual({ outputs: { ...ROLE, ...NETWORK_B }, leftovers: left(A, NETWORK_A) });
    expect(moved([C, B]).leftovers).toEqual(left(A, NETWORK_A));
    expect(moved([C, B]).outputs).toEqual({ ...ROLE, ...inB(NETWORK_B) });
  });

  it('of a region that is listed again are outputs of that region again', () => {
    const leftovers = [{ kind: 'network', region: B, baseline, outputs: NETWORK_B }];
    const alone = { ...ROLE, ...NETWORK_A };
    expect(moved([A, B], { outputs: alone, leftovers })).toEqual({ outputs: both, leftovers: [] });
    expect(moved([A, C], { outputs: alone, leftovers })).toEqual({ outputs: alone, leftovers });
  });

  it('of a kind that the baseline dropped become leftovers in each region', () => {
    const kept = kinds.filter(({ name }) => name !== 'network');
    const { outputs, leftovers } = moved([A, B], { kept });
    expect(outputs).toEqual(ROLE);
    expect(leftovers.map(({ region, outputs: made }) => [region, made])).toEqual([
      [A, NETWORK_A],
      [B, NETWORK_B],
    ]);
  });
});

describe('the account of a kind', () => {
  const record = aRecord({ regions: [A, B, C] });
  const run = {
    ...{ record, regions: [A, B, C], elsewhere: new Map() },
    place: { record, config: aConfig(), outputs: {} },
  } as unknown as Run;
  const accountIn = (region: string) => kindAccount(runIn(run, region).record, aConfig(), []);

  it('names the other regions in its home region, where global kinds are, and nowhere else', () => {
    expect(accountIn(A)).toMatchObject({ region: A, otherRegions: [B, C] });
    expect(accountIn(B)).toMatchObject({ region: B });
    expect(accountIn(B)).not.toHaveProperty('otherRegions');
    expect(kindAccount(aRecord({ regions: [A] }), aConfig(), [])).not.toHaveProperty('otherRegions');
  });
});
