import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  ListAccountAliasesCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import type { Kind, KindContext } from '../../../controllers/kinds/kind.ts';
import { InvalidDesiredState } from '../../../shared/errors.ts';
import { interpolate, namesIn } from '../../../shared/interpolate.ts';

const ALIAS = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const Section = z.strictObject({ name: z.string().max(255) });
type Alias = z.infer<typeof Section>;

/** The account's alias: its name on the sign-in page. An account has one at most; a new one takes its place. */
export const accountAlias: Kind<Alias, Alias, Alias> = {
  name: 'accountAlias',
  scope: 'global',
  condition: 'AccountAlias',
  section: Section,
  permissions: {
    read: ['iam:ListAccountAliases'],
    write: ['iam:CreateAccountAlias', 'iam:DeleteAccountAlias'],
  },
  resources: () => ['*'],
  wakeOn: ['CreateAccountAlias', 'DeleteAccountAlias'],
  outputNames: () => ['accountAlias.name'],

  render(section, lookup) {
    const name = interpolate(section.name, lookup);
    if (namesIn(name).length > 0 || ALIAS.test(name)) return { name };
    const problem = {
      path: 'accountAlias.name',
      message: 'is 3 to 63 lower-case letters, digits and dashes',
    };
    throw new InvalidDesiredState(`The alias ${name} is not valid: it ${problem.message}.`, [problem]);
  },

  async observe(wanted, context) {
    const name = await currentAlias(context);
    if (name === undefined) return { state: 'absent' };
    if (name === wanted.name || isOurs(context)) return { state: 'present', actual: { name } };
    return {
      state: 'foreign',
      message: `The account has the alias ${name}, which Orgkeeper did not make, so it stays.`,
      remedy: 'Put that alias into the baseline, or delete it in the account.',
    };
  },

  outputs: ({ name }) => ({ 'accountAlias.name': name }),

  made: ({ 'accountAlias.name': name }) => (name === undefined ? {} : { 'accountAlias.name': name }),

  diff(wanted, actual) {
    const action = actual ? 'updated' : 'created';
    const difference = {
      kind: 'accountAlias',
      resource: 'account alias',
      path: 'name',
      desired: wanted.name,
      ...(actual && { actual: actual.name }),
      action,
    } as const;
    const missing = namesIn(wanted.name);
    if (missing.length > 0) {
      const message = `The alias needs ${missing.join(', ')}: register the account again with that.`;
      const blocked = {
        reason: 'ValueMissing',
        message,
        difference: { ...difference, action: 'reported' },
      } as const;
      return { differences: [], blocked: [blocked], foreign: [] };
    }
    return { differences: actual?.name === wanted.name ? [] : [difference], blocked: [], foreign: [] };
  },

  async apply({ wanted, differences }, { clients, record, wrote }) {
    await clients.iam.send(new CreateAccountAliasCommand({ AccountAlias: wanted.name }));
    record({ 'accountAlias.name': wanted.name });
    wrote(differences);
  },

  async remove(wanted, context) {
    const name = await currentAlias(context);
    if (name !== undefined && (name === wanted.name || isOurs(context))) {
      await context.clients.iam.send(new DeleteAccountAliasCommand({ AccountAlias: name }));
    }
    context.record({ 'accountAlias.name': undefined });
  },
};

/** An alias has no tags: it is ours when one of ours was recorded, whatever somebody has made of it since. */
function isOurs({ recorded }: KindContext): boolean {
  return recorded['accountAlias.name'] !== undefined;
}

async function currentAlias({ clients }: KindContext): Promise<string | undefined> {
  const { AccountAliases } = await clients.iam.send(new ListAccountAliasesCommand({}));
  return AccountAliases?.[0];
}
