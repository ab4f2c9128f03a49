import type { KindAccount, KindContext, WritingContext } from '../../../controllers/kinds/kind.ts';
import { NAME_TAG, OWNER_TAG } from '../../../controllers/kinds/kind.ts';
import type { NetworkActual } from '../../../controllers/kinds/network/actual.ts';
import { fullAccess } from '../../../controllers/kinds/network/endpoint-policy.ts';
import { type Network, render } from '../../../controllers/kinds/network/render.ts';
import { NetworkSection } from '../../../controllers/kinds/network/section.ts';

export const account: KindAccount = {
  accountId: '456789012345',
  partition: 'aws',
  region: 'eu-west-1',
  owner: '345678901234',
};

export const section = {
  cidr: '10.0.0.0/16',
  internetGateway: true,
  subnets: [{ name: 'public', cidr: '10.0.0.0/24', zoneId: 'euw1-az1', routing: 'public' }],
  gatewayEndpoints: ['s3'],
};

/** The sample section with some keys of its own, rendered. */
export function wantedWith(
  overrides: Record<string, unknown> = {},
  known: Record<string, string> = {},
): Network {
  return render(NetworkSection.parse({ ...section, ...overrides }), (name) => known[name], account);
}

export function ours(logical: string): Record<string, string> {
  return { Name: `orgkeeper/${logical}`, [OWNER_TAG]: account.owner, [NAME_TAG]: logical };
}

/** What an account has in which the sample section is all in order. */
export const healthy: NetworkActual = {
  vpc: {
    id: 'vpc-1',
    cidr: '10.0.0.0/16',
    plain: true,
    dnsSupport: true,
    dnsHostnames: true,
    tags: ours('vpc'),
  },
  gateway: { id: 'igw-1', attachedTo: 'vpc-1', tags: ours('internet-gateway') },
  subnets: {
    public: {
      id: 'subnet-1',
      vpcId: 'vpc-1',
      cidr: '10.0.0.0/24',
      zoneId: 'euw1-az1',
      mapPublicIpOnLaunch: true,
      availableAddresses: 251,
      tags: ours('subnet/public'),
    },
  },
  ...withTable({}),
  endpoints: {
    s3: {
      id: 'vpce-1',
      vpcId: 'vpc-1',
      serviceName: 'com.amazonaws.eu-west-1.s3',
      type: 'Gateway',
      state: 'available',
      tableIds: ['rtb-1'],
      policy: JSON.stringify(fullAccess('*')),
      tags: ours('endpoint/s3'),
    },
  },
  taggedAsOurs: [],
  others: { gateways: [], subnets: [], tables: [], endpoints: [] },
};

type Table = NetworkActual['allTables'][number];

/** Our public route table, changed. */
export function withTable(overrides: Partial<Table>): Pick<NetworkActual, 'tables' | 'allTables'> {
  const table: Table = {
    id: 'rtb-1',
    vpcId: 'vpc-1',
    routes: [
      { destination: '10.0.0.0/16', target: 'local', active: true },
      { destination: '0.0.0.0/0', target: 'igw-1', active: true },
      { destination: 'pl-6da54004', target: 'vpce-1', active: true },
    ],
    associations: [{ id: 'rtbassoc-1', subnetId: 'subnet-1', gatewayId: undefined, main: false }],
    tags: ours('route-table/public'),
    ...overrides,
  };
  const main: Table = {
    id: 'rtb-main',
    vpcId: 'vpc-1',
    routes: [{ destination: '10.0.0.0/16', target: 'local', active: true }],
    associations: [{ id: 'rtbassoc-main', subnetId: undefined, gatewayId: undefined, main: true }],
    tags: {},
  };
  return { tables: { public: table }, allTables: [main, table] };
}

/** When the passes of these tests take place. */
export const NOW = new Date('2026-11-20T09:00:00Z');

/** One call that was sent, and the commands that were in flight with it. */
interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly step: number;
}

type Answer = Record<string, unknown> | Error | ((input: Record<string, unknown>) => Record<string, unknown>);

/**
 * A context whose EC2 answers by command name, `{}` where nothing is said. `step` of a call counts how often the
 * kind has waited for an answer before.
 */
export function fakeContext(
  answers: Record<string, Answer>,
  recorded: Record<string, string> = {},
  now = NOW,
) {
  const sent: Sent[] = [];
  const outputs: Record<string, string | undefined> = { ...recorded };
  let step = 1;
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    sent.push({ name, input: command.input, step });
    await new Promise((resolve) => setTimeout(resolve, 2));
    step = Math.max(step, (sent.at(-1)?.step ?? 0) + 1);
    const answer = answers[name] ?? {};
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(command.input) : answer;
  };
  const clients = { ec2: { send }, ec2Once: { send } } as unknown as KindContext['clients'];
  const written: string[] = [];
  const context: WritingContext = {
    account,
    clients,
    get recorded() {
      const known = Object.entries(outputs).filter((entry): entry is [string, string] => !!entry[1]);
      return Object.fromEntries(known);
    },
    now: () => now,
    wrote: (differences) =>
      written.push(...differences.map(({ resource, path }) => `${resource} ${path}`.trim())),
    record: (more) => Object.assign(outputs, more),
    eventually: async (call, alsoWhen = []) => {
      try {
        return await call();
      } catch (error) {
        if (error instanceof Error && alsoWhen.includes(error.name)) return call();
        throw error;
      }
    },
  };
  return { context, sent, outputs, written };
}

export function awsError(name: string): Error {
  return Object.assign(new Error(`AWS says ${name}`), { name });
}
