import { createSimulation, startedSince } from './world.ts';

/** What runs call in member accounts, each list in alphabetical order: `ec2:DescribeVpcs` … */
export interface MemberCalls {
  /** For each account, until it is ready. */
  readonly onboarding: readonly (readonly string[])[];
  /** For each account, in a run that finds it as it should be. */
  readonly healthyRun: readonly (readonly string[])[];
}

/** Simulates the onboarding of so many accounts at once, and a sweep of them, to be compared with what another AWS sees. */
export async function simulatedMemberCalls(accounts: number): Promise<MemberCalls> {
  const simulation = await createSimulation();
  const { clock, network, until } = simulation;
  try {
    const ids = Array.from({ length: accounts }, (_, index) => String(800_000_000_000 + index));
    for (const id of ids) network.watched.set(id, []);
    const taken = () =>
      ids.map((id) => {
        const calls = network.watched.get(id) ?? [];
        network.watched.set(id, []);
        return calls.toSorted();
      });
    for (const id of ids) simulation.appear(id, `new-${id}`);
    await until(ids, ({ ready }) => ready === true, 3_600);
    await clock.run(() => false, 120);
    const onboarding = taken();
    // The first run after a minute only forgets that the resources are new.
    const sweep = async () => {
      const since = clock.now();
      simulation.put('orgkeeper.request', 'DriftSweepRequested', { accountIds: ids });
      await until(ids, (status) => startedSince(status, since), 3_600);
      return taken();
    };
    await sweep();
    return { onboarding, healthyRun: await sweep() };
  } finally {
    simulation.end();
  }
}
