import { z } from 'zod';
import { type AddressPool, blockAt, firstOf } from '../../../shared/domain/address-pool.ts';
import { ADDRESS_OUTPUT } from '../../../shared/domain/addresses.ts';
import { type Block, contains, overlaps, parseBlock, subBlock } from '../../../shared/domain/cidr.ts';
import type { PathProblem } from '../../../shared/domain/document-problems.ts';

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a subnet name is lower-case letters, digits and dashes, 31 at most');

/** Limits of EC2. AWS reserves `aws:`; the tags `orgkeeper:…` say who owns a resource. */
const Tags = z.record(
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^(?!aws:)(?!orgkeeper:)/i, 'tags starting with `aws:` or `orgkeeper:` cannot be given'),
  z.string().max(256),
);

export const Routing = z.enum(['public', 'private']);
/** `public`: 0.0.0.0/0 goes to the internet gateway. `private`: traffic leaves the VPC only through gateway endpoints. */
export type Routing = z.infer<typeof Routing>;

/** The services with gateway endpoints. These cost nothing. */
export const GatewayService = z.enum(['s3', 'dynamodb']);
export type GatewayService = z.infer<typeof GatewayService>;

const Subnet = z.strictObject({
  name: Name,
  /** The subnet's block. Instead, `prefix` and `number` can name a block relative to the network's. */
  cidr: z.string().optional(),
  /** Length of the prefix. The block is the `number`-th one of that size in the network's block, counted from 0. */
  prefix: z.int().min(16).max(28).optional(),
  number: z.int().min(0).max(4_095).optional(),
  /** A zone id like `use1-az1` means the same zone in every account; a zone name does not. */
  zoneId: z
    .string()
    .regex(/^([a-z0-9-]+-az\d+|.*\$\{.+)$/, 'a zone id looks like use1-az1; zone names differ by account')
    .optional(),
  /** The n-th of the region's zones, sorted by id, as they are when the subnet is made. Default: 1, unless `zoneId` is given. */
  zone: z.int().min(1).max(20).optional(),
  routing: Routing,
  /** Default: true if the routing is public. */
  mapPublicIpOnLaunch: z.boolean().optional(),
});

/** All baselines that name a pool give it the same `prefix`, and the same `cidr` or a wider one. */
const Pool = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a pool name is lower-case letters, digits and dashes'),
  cidr: z.string(),
  prefix: z.int().min(16).max(28),
});

/** `network:` of a baseline. A text that contains `${…}` is checked when an account's values are filled in, others here. */
export const NetworkSection = z
  .strictObject({
    /** One block for all accounts, or a value of each account (`${values.cidr}`); or `cidrPool`. */
    cidr: z.string().optional(),
    /** Each account gets a block of its own from this pool: shared/domain/addresses.ts. */
    cidrPool: Pool.optional(),
    dnsSupport: z.boolean().default(true),
    dnsHostnames: z.boolean().default(true),
    internetGateway: z.boolean(),
    subnets: z.array(Subnet).max(200),
    gatewayEndpoints: z.array(GatewayService).default([]),
    tags: Tags.default({}),
  })
  .superRefine((section, context) => {
    for (const { path, message } of sectionProblems(section)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });
export type NetworkSection = z.infer<typeof NetworkSection>;

/** The routings that the subnets use, public first. There is one route table for each. Pure. */
export function routingsOf(subnets: readonly { readonly routing: Routing }[]): Routing[] {
  return Routing.options.filter((routing) => subnets.some((subnet) => subnet.routing === routing));
}

/** Names of the outputs that other sections may use as `${…}`. A route table is named by its routing. Pure. */
export function outputNames(section: NetworkSection): string[] {
  return [
    'vpc.id',
    'vpc.cidr',
    ...(section.cidrPool ? [ADDRESS_OUTPUT] : []),
    ...(section.internetGateway ? ['internetGateway.id'] : []),
    ...section.subnets.map((subnet) => `subnet.${subnet.name}.id`),
    ...routingsOf(section.subnets).map((routing) => `routeTable.${routing}.id`),
    ...section.gatewayEndpoints.map((service) => `endpoint.${service}.id`),
  ];
}

/** Problems of a baseline with several regions: each zone id belongs to one region. Pure. */
export function zonesOfOneRegion({ subnets }: NetworkSection): PathProblem[] {
  return subnets.flatMap(({ zoneId }, index) =>
    zoneId === undefined
      ? []
      : [
          {
            path: ['subnets', index, 'zoneId'],
            message: `${zoneId} is a zone of one region, and the baseline lists several: say \`zone\` instead, the n-th zone of each region`,
          },
        ],
  );
}

/** The part of a section that is checked as a whole, with every block written out. */
interface Layout {
  readonly cidr: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
  readonly internetGateway: boolean;
  readonly subnets: readonly {
    readonly name: string;
    readonly cidr: string;
    readonly zoneId?: string | undefined;
    readonly zone?: number | undefined;
    readonly routing: string;
  }[];
  readonly gatewayEndpoints: readonly string[];
}

type Written = Omit<Layout, 'cidr' | 'subnets'> & {
  readonly cidr?: string | undefined;
  readonly cidrPool?: AddressPool | undefined;
  readonly subnets: readonly WrittenSubnet[];
};
interface WrittenSubnet extends Omit<Layout['subnets'][number], 'cidr'> {
  readonly cidr?: string | undefined;
  readonly prefix?: number | undefined;
  readonly number?: number | undefined;
}
type Filled<S extends Written> = Omit<S, 'cidr' | 'subnets'> & {
  readonly cidr: string;
  readonly subnets: (S['subnets'][number] & { readonly cidr: string })[];
};

/**
 * The section with every block written out: that of the network (its own, or the account's block of the pool) and that of each
 * subnet. While the account's block is unknown, a block is a text that contains `${…}`. Pure.
 */
export function withBlocks<S extends Written>(section: S, address: string | undefined): Filled<S> {
  const cidr = section.cidr ?? address ?? `\${${ADDRESS_OUTPUT}}`;
  const outer = parseBlock(cidr);
  const subnets = section.subnets.map((subnet: S['subnets'][number]) => {
    const { prefix = 0, number = 0 } = subnet;
    const own = outer ? subBlock(outer, prefix, number)?.text : cidr;
    return { ...subnet, cidr: subnet.cidr ?? own ?? `number ${number} of /${prefix}` };
  });
  return { ...section, cidr, subnets };
}

/** What AWS would refuse in a section and what contradicts itself, by path; a pool is checked with its first block. Pure. */
function sectionProblems(section: Written): PathProblem[] {
  const { cidrPool } = section;
  const problems = [...choiceProblems(section), ...(cidrPool ? poolProblems(cidrPool) : [])];
  if (problems.length > 0) return problems;
  const first = cidrPool && blockAt(firstOf(cidrPool.cidr), cidrPool);
  const filled = withBlocks(section, first);
  const outer = parseBlock(filled.cidr);
  const tooMany = section.subnets.flatMap(({ prefix, number = 0 }, index): PathProblem[] => {
    if (prefix === undefined || !outer || subBlock(outer, prefix, number)) return [];
    const message = `a network of /${outer.prefix} has ${2 ** Math.max(0, prefix - outer.prefix)} blocks of /${prefix}, counted from 0`;
    return [{ path: ['subnets', index, prefix < outer.prefix ? 'prefix' : 'number'], message }];
  });
  return tooMany.length > 0 ? tooMany : layoutProblems(filled);
}

/** A block as AWS stores it, with host bits cleared; a text that is no block is returned as it is. Pure. */
export function canonicalBlock(cidr: string): string {
  return parseBlock(cidr)?.text ?? cidr;
}

function choiceProblems({ cidr, cidrPool, subnets }: Written): PathProblem[] {
  const either = (cidr === undefined) === (cidrPool === undefined);
  const own: PathProblem[] = either
    ? [{ path: ['cidr'], message: 'give cidr or cidrPool, one of them' }]
    : [];
  const relative = 'give prefix and number, a block relative to the network’s';
  return subnets.reduce((all, subnet, index) => {
    const given = [subnet.prefix, subnet.number].filter((part) => part !== undefined).length;
    const path = ['subnets', index, 'cidr'];
    if (subnet.cidr !== undefined && given > 0) {
      all.push({ path, message: 'give cidr, or prefix and number, not both' });
    } else if (subnet.cidr === undefined && given < 2) {
      all.push({ path, message: `give cidr; or ${relative.slice('give '.length)}` });
    } else if (subnet.cidr !== undefined && cidrPool) {
      all.push({ path, message: `every account has another block: ${relative}` });
    }
    return all;
  }, own);
}

function poolProblems(pool: AddressPool): PathProblem[] {
  const at = (key: string, message: string) => [{ path: ['cidrPool', key], message }];
  const range = parseBlock(pool.cidr);
  if (!range) return at('cidr', `\`${pool.cidr}\` is not an IPv4 block like 10.0.0.0/8`);
  if (range.text !== pool.cidr) return at('cidr', `${pool.cidr} begins inside a block: write ${range.text}`);
  if (range.prefix <= pool.prefix) return [];
  return at('prefix', `a block of /${pool.prefix} is larger than the pool, ${range.text}`);
}

/** What AWS would refuse in a layout and what contradicts itself, by path. A text that still contains `${…}` is not checked. Pure. */
export function layoutProblems(layout: Layout): PathProblem[] {
  const problems: PathProblem[] = [];
  const say = (path: (string | number)[], message: string) => problems.push({ path, message });
  const block = (path: (string | number)[], text: string): Block | undefined => {
    if (text.includes('${')) return undefined;
    const parsed = parseBlock(text);
    if (!parsed) say(path, `\`${text}\` is not an IPv4 block like 10.0.0.0/16`);
    else if (parsed.prefix < 16 || parsed.prefix > 28) say(path, `${text}: AWS takes blocks from /16 to /28`);
    else return parsed;
    return undefined;
  };

  if (layout.dnsHostnames && !layout.dnsSupport) {
    say(['dnsHostnames'], 'DNS hostnames need dnsSupport: true');
  }
  const vpc = block(['cidr'], layout.cidr);
  const before: { name: string; block: Block }[] = [];
  const names = new Set<string>();
  for (const [index, subnet] of layout.subnets.entries()) {
    const at = (key: string) => ['subnets', index, key];
    if (names.has(subnet.name)) say(at('name'), `there are two subnets named ${subnet.name}`);
    names.add(subnet.name);
    if (subnet.zoneId !== undefined && subnet.zone !== undefined) {
      say(at('zone'), 'give zoneId or zone, not both');
    }
    if (subnet.routing === 'public' && !layout.internetGateway) {
      say(at('routing'), 'public routing needs internetGateway: true');
    }
    const own = block(at('cidr'), subnet.cidr);
    if (!own) continue;
    if (vpc && !contains(vpc, own)) say(at('cidr'), `${own.text} is not inside ${vpc.text}`);
    for (const other of before) {
      if (overlaps(own, other.block)) {
        say(at('cidr'), `${own.text} overlaps ${other.block.text} of subnet ${other.name}`);
      }
    }
    before.push({ name: subnet.name, block: own });
  }
  if (layout.gatewayEndpoints.length > 0 && layout.subnets.length === 0) {
    say(['gatewayEndpoints'], 'a gateway endpoint needs a subnet whose route table it serves');
  }
  for (const [index, service] of layout.gatewayEndpoints.entries()) {
    if (layout.gatewayEndpoints.indexOf(service) < index) {
      say(['gatewayEndpoints', index], `${service} is named twice`);
    }
  }
  return problems;
}
