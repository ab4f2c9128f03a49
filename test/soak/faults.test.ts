import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Fleet } from '../kit/journey/fleet.ts';
import { pause } from '../kit/wait.ts';
import { ACCOUNTS, AWAY, holds, onboard, scene, useScenes } from './faulty-scene.ts';

/** How long a region is gone: five minutes, or less where all the rest is over sooner. */
const GONE_MS = Math.min(300_000, 3_000 * ACCOUNTS);

useScenes();

describe('With 30 % of calls throttled, 5 % failing, 5 % of answers lost, events doubled, reordered and dropped', () => {
  it('every account is ready in the end, nothing is doubled, and none has two writers at once', async () => {
    const faulty = await scene();
    const { ids, seconds } = await onboard(faulty);
    await holds('Faults', faulty, ids, seconds);
  }, 3_600_000);

  it('and an STS that allows two calls a second, the same holds', async () => {
    const faulty = await scene();
    const sts = { service: 'sts', caller: 'role', count: 'all' } as const;
    await faulty.at.fault({ ...sts, perSecond: 2, effect: { kind: 'throttled' } });
    const { ids, seconds } = await onboard(faulty);
    await holds('Slow STS', faulty, ids, seconds);
  }, 3_600_000);

  it('and changes that are visible seconds late, the same holds', async () => {
    const faulty = await scene();
    await faulty.at.planConsistency({ iam: 6_000, ec2: 3_000, tags: 3_000 });
    const { ids, seconds } = await onboard(faulty);
    await holds('Late changes', faulty, ids, seconds);
  }, 3_600_000);

  it('and one of two regions down for minutes, the same holds', async () => {
    const faulty = await scene(publishForTwoRegions);
    const gone = { region: AWAY, caller: 'role', count: 'all', lasts: GONE_MS } as const;
    await faulty.at.fault({ ...gone, effect: { kind: 'close', when: 'before' } });
    const back = pause(GONE_MS);
    const { ids, seconds } = await onboard(faulty);
    await back;
    await holds('Region gone', faulty, ids, seconds);
  }, 3_600_000);
});

/** The next version of the shipped baseline has a second region. */
async function publishForTwoRegions(fleet: Fleet): Promise<void> {
  const shipped = readFileSync(new URL('../../infra/baselines/analytics.yaml', import.meta.url), 'utf8');
  const file = join(await mkdtemp(join(tmpdir(), 'orgkeeper-')), 'analytics.yaml');
  await writeFile(
    file,
    shipped.replace('name: analytics\n', `name: analytics\nregions: [eu-west-1, ${AWAY}]\n`),
  );
  expect(await fleet.orgkeeper('baseline', 'publish', file)).toMatchObject({ code: 0 });
}
