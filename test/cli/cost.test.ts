import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { costOfNight, costOfOnboarding } from '../../cli/cost.ts';
import { LIST_PRICES } from '../../cli/list-prices.ts';
import { orgkeeper } from './support.ts';

const dollarsOf = (accounts: number, regions: number) =>
  Object.fromEntries(costOfNight(accounts, regions).items.map(({ service, dollars }) => [service, dollars]));

describe('costOfNight', () => {
  it('is at most a cent for 1,000 accounts in one region', () => {
    const { total, items } = costOfNight(1_000, 1);
    expect(total).toBeLessThanOrEqual(0.01);
    expect(total).toBeCloseTo(
      items.reduce((sum, { dollars }) => sum + dollars, 0),
      12,
    );
  });

  it('grows in proportion to the accounts', () => {
    const one = costOfNight(1_000, 1).total;
    expect(costOfNight(10_000, 1).total / one).toBeCloseTo(10, 6);
    expect(costOfNight(1, 1).total).toBeLessThan(one);
  });

  it('counts messages and invocations once, whatever the number of regions', () => {
    const [one, three] = [dollarsOf(1_000, 1), dollarsOf(1_000, 3)];
    expect(three.SQS).toBe(one.SQS);
    expect(three.Lambda).toBeGreaterThan(one.Lambda ?? 0);
    expect(three.DynamoDB).toBeGreaterThan(one.DynamoDB ?? 0);
  });

  it('prices each unit as the table of prices has it', () => {
    const { items, trail } = costOfNight(1_000, 1);
    // 100 batches are sent, received, hidden and deleted.
    expect(items.find(({ service }) => service === 'SQS')).toMatchObject({
      units: '400 requests',
      dollars: 400 * LIST_PRICES.fifoRequest,
    });
    expect(trail.events).toBe(15_000);
  });
});

describe('costOfOnboarding', () => {
  it('is less than a hundredth of a cent for each region', () => {
    const [one, three] = [costOfOnboarding(1), costOfOnboarding(3)];
    expect(one.total).toBeLessThan(0.0001);
    expect(three.total).toBeGreaterThan(one.total);
    expect(one.total).toBeCloseTo(
      one.items.reduce((sum, { dollars }) => sum + dollars, 0),
      12,
    );
  });
});

describe('docs/operations.md', () => {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const night = costOfNight(1_000, 1);

  it.each(night.items.map(({ service, units, dollars }) => [service, units, dollars] as const))(
    'says the same of %s',
    (service, units, dollars) => {
      expect(page).toContain(`| ${service} | ${units} | ${dollars.toFixed(4)} |\n`);
    },
  );

  it.each(costOfOnboarding(1).items.map(({ service, units, dollars }) => [service, units, dollars] as const))(
    'says the same of %s in an onboarding',
    (service, units, dollars) => {
      expect(page).toContain(`| ${service} | ${units} | ${dollars.toFixed(7)} |\n`);
    },
  );

  it('says the same of an onboarding together', () => {
    expect(page).toContain(`| **together** | | **${costOfOnboarding(1).total.toFixed(7)}** |`);
  });

  it('says the same of all together, of a month, of further trails, and of the date of the prices', () => {
    expect(page).toContain(`| **together** | | **${night.total.toFixed(4)}** |`);
    expect(page).toContain(`That is ${Math.round(night.total * 30 * 100)} cents a month;`);
    const { events, dollarsPerFurtherTrail } = night.trail;
    expect(page).toContain(`about ${events.toLocaleString('en-US')} events a night`);
    expect(page).toContain(`${dollarsPerFurtherTrail.toFixed(2)} USD for each trail beyond the first`);
    expect(page).toContain(`list prices of us-east-1 on ${LIST_PRICES.asOf}`);
  });
});

describe('orgkeeper cost', () => {
  it('prints each service with its units, and the sum', async () => {
    const { code, stdout, stderr } = await orgkeeper('cost', '--accounts', '1000');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { service, units, dollars } of costOfNight(1_000, 1).items)
      expect(stdout).toMatch(new RegExp(`${service} +${units} +${dollars.toFixed(4)}\n`));
    expect(stdout).toContain(costOfNight(1_000, 1).total.toFixed(4));
    for (const { service, units, dollars } of costOfOnboarding(1).items)
      expect(stdout).toMatch(new RegExp(`${service} +${units} +${dollars.toFixed(7)}\n`));
    expect(stdout).toContain(costOfOnboarding(1).total.toFixed(7));
    expect(stdout).toContain(`List prices of us-east-1 on ${LIST_PRICES.asOf}`);
  });

  it('prints JSON with the prices', async () => {
    const { stdout } = await orgkeeper('cost', '--accounts', '5000', '--regions', '3', '--json');
    expect(JSON.parse(stdout)).toEqual({
      ...costOfNight(5_000, 3),
      onboarding: costOfOnboarding(3),
      prices: LIST_PRICES,
    });
  });
});
