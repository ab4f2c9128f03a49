import { describe, expect, it } from '@jest/globals';
import { runUnit } from '../../../controllers/engine/run-unit.ts';
import type { AnyKind } from '../../../controllers/kinds/kind.ts';
import { publicAccessBlock } from '../../../controllers/kinds/public-access-block/kind.ts';
import type { MemberClients } from '../../../shared/aws/member-clients.ts';
import { systemClock } from '../../kit/clock.ts';
import { aConfig, aRecord, MAIN, MEMBER } from '../../kit/factories.ts';

const ON = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};
const OFF = { ...ON, blockPublicPolicy: false };
const BEFORE = 'publicAccessBlock.before';

/** What a run does about a setting that is like this, with these outputs recorded. */
async function run(switches: typeof ON, recorded: Record<string, string> = {}, { held = false } = {}) {
  const outputs = { ...recorded };
  const applied: unknown[] = [];
  const kind: AnyKind = {
    ...publicAccessBlock,
    apply: async ({ differences }, { wrote }) => {
      applied.push(...differences);
      wrote(differences);
    },
  };
  const account = { accountId: MEMBER, partition: 'aws', region: 'eu-west-1', owner: MAIN };
  const observation = { state: 'present', actual: { configured: true, switches } } as const;
  const { state } = await runUnit(
    { kind, section: ON, account, observation },
    { record: aRecord(), config: aConfig(), outputs, clock: systemClock },
    { may: async () => !held, clients: async () => ({}) as MemberClients },
  );
  return { is: state.is, outputs, applied: applied.length };
}

describe('a setting', () => {
  it('is not changed by the run that records it: the earlier value is saved first', async () => {
    const first = await run(OFF);
    expect(first).toEqual({ is: 'pending', outputs: { [BEFORE]: JSON.stringify(OFF) }, applied: 0 });
    expect(await run(OFF, first.outputs)).toEqual({
      is: 'inDesiredState',
      outputs: first.outputs,
      applied: 1,
    });
  });

  it('is recorded at once if it is as wanted: a change by hand never counts as the earlier value', async () => {
    const first = await run(ON);
    expect(first).toEqual({ is: 'inDesiredState', outputs: { [BEFORE]: JSON.stringify(ON) }, applied: 0 });
    expect(await run(OFF, first.outputs)).toMatchObject({ outputs: first.outputs, applied: 1 });
  });

  it('is not recorded if it differs and the run may not write', async () => {
    expect(await run(OFF, {}, { held: true })).toEqual({ is: 'held', outputs: {}, applied: 0 });
  });
});
