import { describe, expect, it, jest } from '@jest/globals';
import { costOfOnboarding, ONBOARDING } from '../../cli/cost.ts';
import { THREE_REGIONS } from './scenarios.ts';
import { createSimulation } from './world.ts';

// Metrics are lines of the log.
jest.spyOn(console, 'log').mockImplementation(() => undefined);

/** What one account needs that appears in the organization, until its queues are empty. */
async function onboarded(regions: readonly string[]) {
  const simulation = await createSimulation({ regions });
  try {
    const { network, table, functions, announced, clock } = simulation;
    await simulation.settle(1);
    network.counts.reset();
    const unitsWritten = () => [...table.written.values()].reduce((sum, one) => sum + one, 0);
    const invocations = () =>
      (functions.intake?.counts.invocations ?? 0) + simulation.work.counts.invocations;
    const before = { units: unitsWritten(), invocations: invocations(), announced: announced.length };
    simulation.appear('800000000000', 'new');
    const seconds = await simulation.until(['800000000000'], ({ ready }) => ready === true, 600);
    const { intake, work } = functions;
    await clock.run(() => intake?.queue.waiting === 0 && work?.queue.waiting === 0, 600);
    const called = (name: string) => network.counts.calls.get(name) ?? 0;
    return {
      seconds,
      called,
      announced: announced.length - before.announced,
      invocations: invocations() - before.invocations,
      // Of each batch at most three items; each transaction also checks a condition, for two units.
      readUnits: 3 * called('dynamodb:BatchGetItem') + called('dynamodb:GetItem') + called('dynamodb:Query'),
      writeUnits: unitsWritten() - before.units + 2 * called('dynamodb:TransactWriteItems'),
    };
  } finally {
    simulation.end();
  }
}

describe('an onboarding', () => {
  it.each([
    ['in one region', ['eu-west-1']],
    ['in three regions', THREE_REGIONS],
  ])('needs what `orgkeeper cost` prices: %s', async (_, regions) => {
    const { seconds, called, announced, invocations, readUnits, writeUnits } = await onboarded(regions);
    const { once, perRegion } = ONBOARDING;
    expect(invocations).toBe(ONBOARDING.invocations);
    // And the event that the management account forwards.
    expect(announced + 1).toBe(ONBOARDING.events);
    expect(readUnits).toBe(once.readUnits + regions.length * perRegion.readUnits);
    expect(writeUnits).toBe(once.writeUnits + regions.length * perRegion.writeUnits);
    // Of the work queue; the message is received and deleted by Lambda.
    expect(called('sqs:SendMessageBatch') + called('sqs:ChangeMessageVisibilityBatch') + 2).toBe(
      ONBOARDING.workRequests,
    );
    expect(seconds).toBeLessThanOrEqual(ONBOARDING.runSeconds);
    expect(costOfOnboarding(regions.length).total).toBeLessThan(0.001);
  });
});
