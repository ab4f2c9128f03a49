import { describe, expect, it } from '@jest/globals';
import { commands } from '../../../cli/commands/index.ts';
import { commandOf, documentedPolicy, permissionRows } from './documented-permissions.ts';

const OF = { main: '345678901234', region: 'eu-west-1' };
/** Commands that call nothing in AWS. */
const LOCAL = ['completion', 'cost', 'local', 'policy'];

describe('The documented permissions of a command in docs/operations.md', () => {
  const rows = permissionRows();

  it('exist for every command that calls AWS', () => {
    const said = new Set(rows.flatMap((row) => row.commands).map((command) => command.split(' ')[0]));
    expect(Object.keys(commands).filter((name) => !said.has(name) && !LOCAL.includes(name))).toEqual([]);
    expect([...said].filter((name) => name !== 'every' && !(String(name) in commands))).toEqual([]);
  });

  it('make a policy with the ARNs of the deployment', () => {
    expect(JSON.parse(documentedPolicy('forget', rows, OF)).Statement).toContainEqual({
      Effect: 'Allow',
      Action: ['ssm:GetParameter'],
      Resource: ['arn:aws:ssm:eu-west-1:345678901234:parameter/orgkeeper/config'],
    });
    expect(documentedPolicy('template member', rows, OF)).toContain(
      '"arn:aws:s3:::orgkeeper-templates-345678901234-eu-west-1/member/*"',
    );
    expect(documentedPolicy('doctor', rows, OF)).toContain(
      '"arn:aws:iam::345678901234:role/orgkeeper-ApiHandlerRole"',
    );
  });

  it('are those of the subcommand if the page names it', () => {
    expect(commandOf(['baseline', 'publish', 'file.yaml'], rows)).toBe('baseline publish');
    expect(commandOf(['doctor', '--json'], rows)).toBe('doctor');
    expect(() => commandOf(['baseline', 'burn'], rows)).toThrow(
      'docs/operations.md does not say what orgkeeper baseline burn needs.',
    );
  });

  it('fail to be read from a page whose table has a row without actions', () => {
    const page =
      '### What people need\n\n| c | a | r |\n|---|---|---|\n| `x` | `a:B` | table `t` |\n| `y` | | |\n\n';
    expect(() => permissionRows(page)).toThrow(/cannot be read/);
  });
});
