import { describe, expect, test } from '@jest/globals';
import type { ObservedUnit } from '../../controllers/engine/model.ts';
import { runUnit } from '../../controllers/engine/run-unit.ts';
import type { AnyKind, Comparison, WritingContext } from '../../controllers/kinds/kind.ts';
import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { AccessDenied, NotYetConsistent, ServiceFault, Throttled } from '../../shared/domain/errors.ts';
import type { Difference } from '../../shared/domain/status.ts';
import { systemClock } from '../kit/clock.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../kit/factories.ts';

const differing = (resource: string): Difference => ({
  kind: 'things',
  resource,
  path: 'value',
  desired: 'new',
  actual: 'old',
  action: 'updated',
});
const [one, two, three] = [differing('one'), differing('two'), differing('three')];

/** A kind of three things that all differ, and what `apply` does about it. */
async function kept(
  apply: (context: WritingContext) => Promise<void>,
  { held = false, compared = {} }: { held?: boolean; compared?: Partial<Comparison> } = {},
) {
  const kind = {
    name: 'things',
    render: () => ({}),
    diff: () => ({
      differences: [one, two, three],
      blocked: [],
      unowned: [],
      warnings: ['Wanted'],
      warningsAsFound: ['Standing'],
      ...compared,
    }),
    apply: (_: unknown, context: WritingContext) => apply(context),
  } as unknown as AnyKind;
  const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
  const seen: ObservedUnit = { kind, section: {}, account, observation: { state: 'absent' } };
  const place = { record: aRecord(), config: aConfig(), outputs: {}, clock: systemClock };
  const { state, differences, warnings } = await runUnit(seen, place, {
    may: async () => !held,
    clients: async () => ({}) as MemberClients,
  });
  return { state, warnings, actions: differences.map(({ resource, action }) => `${resource} ${action}`) };
}

describe('runUnit', () => {
  test('names everything that blocks the unit', async () => {
    const blocked = [
      { reason: 'TrustMissing', message: 'Its trust lacks Main.', difference: one },
      { reason: 'PolicyUnread', message: 'One policy is unread.', difference: two },
    ];
    const found = await kept(async () => {}, { compared: { differences: [], blocked } });
    const message = 'Its trust lacks Main. One policy is unread.';
    expect(found.state).toEqual({ is: 'blocked', reason: 'TrustMissing', message });
  });

  test('names what is written when a write fails, and reports the rest', async () => {
    const error = new Throttled('slow down');
    const found = await kept(async ({ wrote }) => {
      wrote([two]);
      throw error;
    });
    expect(found).toEqual({
      state: { is: 'failed', error },
      warnings: ['Wanted'],
      actions: ['one reported', 'two updated', 'three reported'],
    });
  });

  test('has written every difference if nothing fails', async () => {
    expect((await kept(async () => {})).actions).toEqual(['one updated', 'two updated', 'three updated']);
  });

  test('writes nothing while the run may not write', async () => {
    const found = await kept(() => Promise.reject(new Error('written')), { held: true });
    expect(found.state).toEqual({ is: 'held' });
    expect(found.warnings).toEqual(['Standing']);
    expect(found.actions).toEqual(['one reported', 'two reported', 'three reported']);
  });
});

describe('runUnit for the role in use', () => {
  const caller = { runnerRoleArn: 'runner', organizationId: 'o-exampleorg1', stsRegion: 'eu-west-1' };
  const asked = { ...caller, externalId: 'id' };
  const entry = { roleArn: 'arn', ...asked, policy: {}, required: {}, aboutRegions: [], forReviews: [] };
  const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN, entry };
  const [trust, policy] = ['trustPolicy', 'inlinePolicies.data'].map((path) => ({ ...one, path }));

  /** Which trust is said to stand, of the role where it stands, and what there is to put back, after `apply` did so. */
  const changed = async (written: readonly (Difference | undefined)[], error?: Error) => {
    const kind = {
      name: 'executionRole',
      render: () => 'new',
      diff: () => ({ differences: [trust, policy], blocked: [], unowned: [] }),
      entryRole: {
        trustPath: 'trustPolicy',
        read: (trust: string) => ({ arn: `where ${trust} is`, trust }),
        putBack: async () => {},
      },
      async apply(_: unknown, { wrote }: WritingContext) {
        wrote(written.filter((each) => each !== undefined));
        if (error) throw error;
      },
    } as unknown as AnyKind;
    const seen: ObservedUnit = {
      kind,
      section: {},
      account,
      observation: { state: 'present', actual: 'old' },
    };
    const place = { record: aRecord(), config: aConfig(), outputs: {}, clock: systemClock };
    const clients = async () => ({}) as MemberClients;
    const { role, restore } = await runUnit(seen, place, { may: async () => true, clients });
    expect(role?.arn).toBe('where old is');
    return { trust: role?.trust, canBePutBack: restore !== undefined };
  };

  test.each([
    ['all of it is written', [trust, policy], undefined],
    ['its trust is, and more is not', [trust], new AccessDenied('no')],
    ['nobody knows, since IAM did not answer', [], new ServiceFault('iam:UpdateAssumeRolePolicy: time-out')],
  ])('leaves the new trust, which can be put back, if %s', async (_, written, error) => {
    expect(await changed(written, error)).toEqual({ trust: 'new', canBePutBack: true });
  });

  test.each([
    ['was too busy', new Throttled('iam:UpdateAssumeRolePolicy: rate exceeded')],
    ['refused', new AccessDenied('with an explicit deny in a service control policy')],
    [
      'does not know the principal',
      new NotYetConsistent('Invalid principal', { reason: 'PrincipalMissing' }),
    ],
  ])('leaves the old trust, and nothing to put back, if IAM %s', async (_, error) => {
    expect(await changed([], error)).toEqual({ trust: 'old', canBePutBack: false });
    expect(await changed([policy], error)).toEqual({ trust: 'old', canBePutBack: false });
  });
});
