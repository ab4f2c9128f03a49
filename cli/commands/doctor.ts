import { Command } from 'commander';

/** `doctor`: is everything in place that a deployment needs? */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Checks a deployment, changing nothing; says of each check what it found and what to do.')
    .option('--json', 'print a list of { check, ok, message, remedy }')
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('../doctor/doctor.ts');
      await doctor(options);
    });
}
