import {
  CreateAccountAliasCommand,
  DeleteAccountAliasCommand,
  ListAccountAliasesCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import { InvalidDesiredState } from '../../../shared/domain/errors.ts';
import { interpolate, namesIn, unknownIn } from '../../../shared/domain/interpolate.ts';
import { withoutNames } from '../comparison.ts';
import type { Kind, KindContext } from '../kind.ts';

const ALIAS = /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const Section = z.strictObject({
  name: z.string().max(255),
  /** True if an alias that Orgkeeper did not make may be replaced. */
  adopt: z.boolean().default(false),
});
type Section = z.infer<typeof Section>;

/** The alias that the account has, and whether Orgkeeper manages it. */
interface Alias {
  readonly name: string;
  readonly ours: boolean;
}

const NAME = 'accountAlias.name';
/** Records that the alias is ours: an alias has no tags. */
const KEPT_BY = 'accountAlias.keptBy';

/** The account's alias: its name on the sign-in page. An account has at most one; a new alias replaces the old one. */
export const accountAlias: Kind<Section, Section, Alias> = {
  name: 'accountAlias',
  scope: 'global',
  section: Section,
  permissions: {
    read: ['iam:ListAccountAliases'],
    write: ['iam:CreateAccountAlias', 'iam:DeleteAccountAlias'],
  },
  exceptions: { fields: { name: 'freely' } },
  outputNames: () => [NAME],

  render(section, lookup) {
    const name = interpolate(section.name, lookup);
    if (unknownIn(section.name, lookup).length > 0 || ALIAS.test(name)) return { ...section, name };
    const problem = {
      path: 'accountAlias.name',
      message: 'is 3 to 63 lower-case letters, digits and dashes',
    };
    throw new InvalidDesiredState(`The alias ${name} is not valid: it ${problem.message}.`, [problem]);
  },

  async observe(wanted, context) {
    const name = await currentAlias(context);
    if (name === undefined) return { state: 'absent' };
    const ours = name === wanted.name || isOurs(context);
    if (ours || wanted.adopt) return { state: 'present', actual: { name, ours } };
    return {
      state: 'unowned',
      message: `The account has the alias ${name}, which Orgkeeper did not make, so it stays.`,
      remedy:
        'Put that alias into the baseline; or set `adopt: true` there to replace it; or delete it in the account.',
    };
  },

  outputs: ({ name, ours }) => (ours ? recordOf(name) : { [NAME]: name }),

  made: ({ [NAME]: name, [KEPT_BY]: keptBy }) => (name && keptBy ? recordOf(name) : {}),

  diff(wanted, actual) {
    const difference = {
      kind: 'accountAlias',
      resource: 'account alias',
      path: 'name',
      desired: wanted.name,
      ...(actual && { actual: actual.name }),
      action: actual ? 'updated' : 'created',
    } as const;
    const missing = namesIn(wanted.name);
    if (missing.length > 0) {
      const reported = { ...difference, action: 'reported' } as const;
      const blocked = { ...withoutNames('The account alias', missing), difference: reported };
      return { differences: [], blocked: [blocked], unowned: [] };
    }
    return { differences: actual?.name === wanted.name ? [] : [difference], blocked: [], unowned: [] };
  },

  async apply({ wanted, differences }, context) {
    try {
      await context.clients.iam.send(new CreateAccountAliasCommand({ AccountAlias: wanted.name }));
    } catch (error) {
      // All AWS accounts share one name space. AWS also refuses an alias that we made by a call without an answer.
      if (!isTaken(error)) throw error;
      if ((await currentAlias(context)) !== wanted.name) throw takenByAnother(wanted);
    }
    context.record(recordOf(wanted.name));
    context.wrote(differences);
  },

  async remove(wanted, context) {
    const name = await currentAlias(context);
    if (name !== undefined && (name === wanted.name || isOurs(context))) {
      await context.clients.iam.send(new DeleteAccountAliasCommand({ AccountAlias: name }));
    }
    context.record({ [NAME]: undefined, [KEPT_BY]: undefined });
  },
};

function recordOf(name: string): Record<string, string> {
  return { [NAME]: name, [KEPT_BY]: 'orgkeeper' };
}

/** True if an alias of ours was recorded, even if somebody has changed it since. */
function isOurs({ recorded }: KindContext): boolean {
  return recorded[KEPT_BY] !== undefined;
}

async function currentAlias({ clients }: KindContext): Promise<string | undefined> {
  const { AccountAliases } = await clients.iam.send(new ListAccountAliasesCommand({}));
  return AccountAliases?.[0];
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && /^EntityAlreadyExists(Exception)?$/.test(error.name);
}

function takenByAnother({ name }: Section): InvalidDesiredState {
  return new InvalidDesiredState(`The alias ${name} belongs to another AWS account.`, [], {
    reason: 'AliasTaken',
    remedy: 'Name another alias in the baseline.',
  });
}
