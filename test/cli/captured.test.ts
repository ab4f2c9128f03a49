import { expect, test } from '@jest/globals';
import { run } from '../../cli/program.ts';
import { captured } from '../kit/captured.ts';

const help = () => captured(() => run(['--help']));
const { write } = process.stdout;
const { exit } = process;

test('A captured run leaves what it wrote and its exit code, and the process as it was', async () => {
  const { code, stdout, stderr } = await help();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: orgkeeper /);
  const failed = await captured(() => run(['policy', 'same', '/nowhere/a.json', '/nowhere/b.json']));
  expect(failed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^orgkeeper: /) });
  expect({ write: process.stdout.write, exit: process.exit, exitCode: process.exitCode }).toEqual({
    write,
    exit,
    exitCode: undefined,
  });
});

test('A captured run is refused while another has not ended, and the other goes on', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = captured(async () => {
    await promise;
    process.stdout.write('first');
  });
  await expect(help()).rejects.toThrow('Another run of the command line has not ended');
  resolve();
  expect(await first).toEqual({ code: 0, stdout: 'first', stderr: '' });
  expect((await help()).code).toBe(0);
});

test('A captured run fails with what was said if it would end the process, as on wrong usage', async () => {
  await expect(captured(() => run(['accounts', '--drift']))).rejects.toThrow(
    "The command line ended the process with code 1: orgkeeper: Unknown option '--drift'.",
  );
  await expect(captured(async () => process.exit())).rejects.toThrow('ended the process with code 0');
  expect((await help()).code).toBe(0);
});
