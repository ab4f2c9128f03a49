import {
  DeletePublicAccessBlockCommand,
  GetPublicAccessBlockCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3-control';
import { z } from 'zod';
import { unlessGone } from '../../../shared/aws/gone.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import type { Kind, KindContext } from '../kind.ts';

const Section = z.strictObject({
  blockPublicAcls: z.boolean().default(true),
  ignorePublicAcls: z.boolean().default(true),
  blockPublicPolicy: z.boolean().default(true),
  restrictPublicBuckets: z.boolean().default(true),
});
type Switches = z.infer<typeof Section>;

const NAMES = ['blockPublicAcls', 'ignorePublicAcls', 'blockPublicPolicy', 'restrictPublicBuckets'] as const;
const OFF: Switches = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

/** The account's public access block; an account without one has all four switches off. */
interface Actual {
  readonly configured: boolean;
  readonly switches: Switches;
}

const BEFORE = 'publicAccessBlock.before';
/** The value of BEFORE for an account that had no public access block. */
const NONE = 'none';

/** S3's public access block of the account: what no bucket may allow, whatever the bucket's own settings are. */
export const publicAccessBlock: Kind<Switches, Switches, Actual> = {
  name: 'publicAccessBlock',
  scope: 'global',
  section: Section,
  permissions: {
    read: ['s3control:GetPublicAccessBlock'],
    write: ['s3control:DeletePublicAccessBlock', 's3control:PutPublicAccessBlock'],
  },
  setting: { output: BEFORE, textOf },
  // One call writes all four switches, and each keeps everybody out.
  exceptions: {
    fields: Object.fromEntries(NAMES.map((name) => [name, 'knowingly'])),
    goesWith: () => true,
  },
  outputNames: () => [],
  render: (section) => section,
  observe: async (_, context) => ({ state: 'present', actual: await read(context) }),
  outputs: () => ({}),
  made: ({ [BEFORE]: before }) => (before === undefined ? {} : { [BEFORE]: before }),

  diff(wanted, actual) {
    const { switches } = actual ?? { switches: OFF };
    const differences = NAMES.filter((name) => switches[name] !== wanted[name]).map(
      (path): Difference => ({
        kind: 'publicAccessBlock',
        resource: 'public access block',
        path,
        desired: wanted[path],
        actual: switches[path],
        action: 'updated',
      }),
    );
    return { differences, blocked: [], unowned: [] };
  },

  async apply({ wanted, differences }, context) {
    await put(wanted, context);
    context.wrote(differences);
  },

  async remove(_, context) {
    const before = context.recorded[BEFORE];
    if (before === undefined) return;
    if (textOf(await read(context)) !== before) {
      if (before === NONE) await clear(context);
      else await put(Section.parse(JSON.parse(before)), context);
    }
    context.record({ [BEFORE]: undefined });
  },
};

function textOf({ configured, switches }: Actual): string {
  return configured ? JSON.stringify(switches) : NONE;
}

async function read({ account, clients }: KindContext): Promise<Actual> {
  const found = await unlessGone('public access block', () =>
    clients.s3control.send(new GetPublicAccessBlockCommand({ AccountId: account.accountId })),
  );
  const block = found?.PublicAccessBlockConfiguration;
  if (!block) return { configured: false, switches: OFF };
  return {
    configured: true,
    switches: {
      blockPublicAcls: block.BlockPublicAcls === true,
      ignorePublicAcls: block.IgnorePublicAcls === true,
      blockPublicPolicy: block.BlockPublicPolicy === true,
      restrictPublicBuckets: block.RestrictPublicBuckets === true,
    },
  };
}

async function put(switches: Switches, { account, clients }: KindContext): Promise<void> {
  await clients.s3control.send(
    new PutPublicAccessBlockCommand({
      AccountId: account.accountId,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: switches.blockPublicAcls,
        IgnorePublicAcls: switches.ignorePublicAcls,
        BlockPublicPolicy: switches.blockPublicPolicy,
        RestrictPublicBuckets: switches.restrictPublicBuckets,
      },
    }),
  );
}

async function clear({ account, clients }: KindContext): Promise<void> {
  await clients.s3control.send(new DeletePublicAccessBlockCommand({ AccountId: account.accountId }));
}
