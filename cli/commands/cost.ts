import { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { type CostItem, costOfNight, costOfOnboarding, count } from '../cost.ts';
import { examples } from '../examples.ts';
import { LIST_PRICES } from '../list-prices.ts';
import { print, printJson, printTable } from '../terminal.ts';

interface Options {
  readonly accounts: number;
  readonly regions: number;
  readonly json?: boolean;
}

/** `cost`: what a nightly sweep and an onboarding cost by AWS's list prices; calls nothing. */
export function costCommand(): Command {
  return new Command('cost')
    .description(
      "Shows what a nightly sweep of healthy accounts with the baseline analytics costs, and an onboarding, by AWS's list prices; calls nothing.",
    )
    .option('--accounts <n>', 'number of accounts', wholeNumber, 1_000)
    .option('--regions <n>', 'regions of each account', wholeNumber, 1)
    .option('--json', 'print { accounts, regions, items, total, trail, onboarding, prices }')
    .addHelpText('after', examples('orgkeeper cost --accounts 5000 --regions 3', 'orgkeeper cost --json'))
    .action(show);
}

function show({ accounts, regions, json }: Options): void {
  const night = costOfNight(accounts, regions);
  const onboarding = costOfOnboarding(regions);
  if (json) {
    printJson({ ...night, onboarding, prices: LIST_PRICES });
    return;
  }
  printTable(
    ['SERVICE', 'UNITS', 'USD A NIGHT'],
    [
      ...night.items.map(({ service, units, dollars }: CostItem) => [service, units, usd(dollars)]),
      ['together', '', usd(night.total)],
    ],
  );
  const { events, dollarsPerFurtherTrail } = night.trail;
  print('');
  print(
    `Each CloudTrail trail with management events after the first records ${count(events)} calls: ${usd(dollarsPerFurtherTrail)} USD.`,
  );
  print('');
  printTable(
    ['SERVICE', 'UNITS', 'USD AN ONBOARDING'],
    [
      ...onboarding.items.map(({ service, units, dollars }) => [service, units, dollars.toFixed(7)]),
      ['together', '', onboarding.total.toFixed(7)],
    ],
  );
  print('');
  print(
    `List prices of ${LIST_PRICES.region} on ${LIST_PRICES.asOf}, without free tiers; Lambda's seconds are an estimate.`,
  );
}

function usd(dollars: number): string {
  return dollars.toFixed(4);
}
