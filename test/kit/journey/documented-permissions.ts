import { readFileSync } from 'node:fs';

/** The permissions that `docs/operations.md` documents for each command of the command line, as policies. */

/** One row of the page: commands, actions and resources. */
interface Row {
  readonly commands: readonly string[];
  readonly actions: readonly string[];
  /** `table orgkeeper`, `parameter /orgkeeper/config`. */
  readonly resources: readonly (readonly [noun: string, name: string])[];
}

const PAGE = new URL('../../../docs/operations.md', import.meta.url);
/** The first row's word for all of them. */
export const EVERY = 'every command';
const NOUNS: Readonly<Record<string, (name: string, of: string) => string>> = {
  parameter: (name, of) => `arn:aws:ssm:${of}:parameter${name}`,
  table: (name, of) => `arn:aws:dynamodb:${of}:table/${name}`,
  index: (name, of) => `arn:aws:dynamodb:${of}:table/${name}`,
  bus: (name, of) => `arn:aws:events:${of}:event-bus/${name}`,
  queue: (name, of) => `arn:aws:sqs:${of}:${name}`,
  bucket: (name) => `arn:aws:s3:::${name}`,
  object: (name) => `arn:aws:s3:::${name}`,
  role: (name, of) => `arn:aws:iam::${of.split(':')[1]}:role/${name}`,
};

/** The table "What people need" of the page. */
export function permissionRows(page = readFileSync(PAGE, 'utf8')): Row[] {
  const table = /### What people need\n[\s\S]*?\n\|---[^\n]*\n([\s\S]*?)\n\n/.exec(page)?.[1] ?? '';
  const rows = table.split('\n').map((line): Row => {
    const [commands = '', actions = '', resources = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, word]) => word ?? []);
    return {
      commands: commands === EVERY ? [EVERY] : quoted(commands),
      actions: quoted(actions),
      resources: [...resources.matchAll(/(\w+) `([^`]+)`/g)].map(
        ([, noun = '', name = '']) => [noun, name] as const,
      ),
    };
  });
  const empty = rows.find(({ commands, actions, resources }) => !(commands[0] && actions[0] && resources[0]));
  if (rows.length < 2 || empty) throw new Error(`The page's table cannot be read: ${JSON.stringify(empty)}`);
  return rows;
}

/** The command, as the page names it, that these arguments call: `baseline publish`, `doctor`. */
export function commandOf(args: readonly string[], rows: readonly Row[]): string {
  const [first = '', second = ''] = args;
  const known = new Set(rows.flatMap(({ commands }) => commands));
  const command = [`${first} ${second}`, first].find((one) => known.has(one));
  if (!command) throw new Error(`docs/operations.md does not say what orgkeeper ${first} ${second} needs.`);
  return command;
}

/** The policy with the documented permissions of the command, in this account and region. */
export function documentedPolicy(
  command: string,
  rows: readonly Row[],
  { main, region }: { readonly main: string; readonly region: string },
): string {
  const arnOf = ([noun, name]: Row['resources'][number]) => {
    const arn = NOUNS[noun];
    if (!arn) throw new Error(`What is a ${noun}? (docs/operations.md, What people need)`);
    return arn(name.replace('MAIN', main).replace('REGION', region), `${region}:${main}`);
  };
  const Statement = rows
    .filter(({ commands }) => commands.includes(command) || commands.includes(EVERY))
    .map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources.map(arnOf) }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

/** The user who runs the command in the journeys. */
export function personOf(command: string): string {
  return `cli-${command.replace(' ', '-')}`;
}

/** The ARN patterns by which the trust policy of the API role recognises these people as operators. */
export function operatorsOf(main: string): string[] {
  return [`arn:aws:iam::${main}:user/administrator`, `arn:aws:iam::${main}:user/cli-*`];
}
