import { Command } from 'commander';
import { localCommand } from '../../cli/commands/local.ts';

/** `orgkeeper local …` with the functions of a folder, and without telling `local env` of it. */
const [functionsDir = '', ...args] = process.argv.slice(2);
delete process.env.AWS_ENDPOINT_URL;
try {
  const local = localCommand({ functionsDir, announce: false });
  await new Command('test').addCommand(local).parseAsync(['local', ...args], { from: 'user' });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
