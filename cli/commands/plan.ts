import { Command } from 'commander';
import type { PlanOptions } from '../plan.ts';

/** `plan ID`: what a pass would change. */
export function planCommand(): Command {
  return new Command('plan')
    .description(
      'Shows what a pass would change in an account, changing nothing. Exit 2 when something differs.',
    )
    .argument('<id>', 'account id, 12 digits')
    .option('--baseline <file>', 'with this baseline file instead of the one assigned')
    .option('--show-secrets', 'ExternalIds in clear, instead of their ends alone')
    .option('--json', 'print the differences, and what could not be compared')
    .action(async (id: string, options: PlanOptions) => {
      const { plan } = await import('../plan.ts');
      await plan(id, options);
    });
}
