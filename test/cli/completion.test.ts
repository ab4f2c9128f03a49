import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { completionScript, SHELLS } from '../../cli/completion.ts';
import { completeProgram } from '../../cli/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-completion-'));
const isHere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

beforeAll(async () => {
  const program = await completeProgram();
  for (const shell of SHELLS) writeFileSync(join(folder, shell), completionScript(shell, program));
});

/** How each shell is asked, without a terminal, what may follow the words; the last word is the one that is being typed. */
const ASK: Readonly<Record<(typeof SHELLS)[number], (words: readonly string[]) => readonly string[]>> = {
  bash: (words) => [
    '-c',
    'source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _orgkeeper; printf "%s\\n" "${COMPREPLY[@]}"',
    ...['bash', 'orgkeeper', ...words],
  ],
  zsh: (words) => [
    '-fc',
    // Without a terminal zsh has no completion system: these stand for the three functions of it that the script calls.
    'compdef() { :; }; _files() { :; }; _describe() { print -l -- "${(@)${(P)2}%%:*}"; }; ' +
      'source ./zsh; words=("$@"); CURRENT=$#; _orgkeeper',
    ...['zsh', 'orgkeeper', ...words],
  ],
  fish: (words) => ['-c', `source ./fish; complete -C '${['orgkeeper', ...words].join(' ')}'`],
};

function offered(shell: (typeof SHELLS)[number], ...words: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, ASK[shell](words), { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const typed = words.at(-1) ?? '';
  const offers = stdout.split('\n').map((line) => line.split('\t')[0] ?? '');
  return offers.filter((word) => word !== '' && word.startsWith(typed));
}

// The image that runs the tests has bash; zsh and fish are tried where somebody has them.
describe.each(SHELLS.filter(isHere))('the completion script of %s', (shell) => {
  it('completes commands, those of a group too', () => {
    expect(offered(shell, 'acc')).toEqual(expect.arrayContaining(['accounts', 'account']));
    expect(offered(shell, 'baseline', 'pu')).toEqual(['publish']);
    expect(offered(shell, 'acc')).not.toContain('baseline');
  });

  it('completes the options of the command that is typed, and of no other', () => {
    expect(offered(shell, 'accounts', '--not')).toEqual(['--not-ready']);
    expect(offered(shell, 'account', '456789012345', '--')).not.toContain('--not-ready');
    expect(offered(shell, 'cluster', 'launch', '456789012345', '--inst')).toEqual(['--instance-type']);
  });

  it('completes the values of an option and of an argument that has choices', () => {
    expect(offered(shell, 'accounts', '--state', 'de')).toEqual(['departed']);
    expect(offered(shell, 'accounts', '-o', 'c')).toEqual(['csv']);
    expect(offered(shell, 'completion', 'z')).toEqual(['zsh']);
  });

  it('evaluates nothing of what is typed', () => {
    const word = '$(touch${IFS}evaluated)';
    offered(shell, 'register', word, '--na');
    offered(shell, 'register', word);
    expect(spawnSync('ls', { cwd: folder, encoding: 'utf8' }).stdout).toBe('bash\nfish\nzsh\n');
  });
});

describe('the completion scripts', () => {
  it('are tried in a shell at least once', () => {
    expect(SHELLS.filter(isHere)).not.toEqual([]);
  });

  it.each(SHELLS)('hold every command and option: %s', async (shell) => {
    const script = completionScript(shell, await completeProgram());
    const flag = (name: string) => (shell === 'fish' ? `-l ${name} ` : `--${name}`);
    for (const name of ['accounts', 'dead-letters', 'redrive', 'assign']) expect(script).toContain(name);
    for (const name of ['not-ready', 'instance-type', 'show-secrets']) expect(script).toContain(flag(name));
  });
});
