import { type AddressPool, blockAt, firstOf } from '../../../shared/domain/address-pool.ts';
import { ADDRESS_OUTPUT } from '../../../shared/domain/addresses.ts';
import { type Block, contains, overlaps, parseBlock, subBlock } from '../../../shared/domain/cidr.ts';

/** What of a section can contradict itself. */
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

/** Something wrong in a layout, and where in the section. */
interface LayoutProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
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
 * The section with every block written out: the network's own, or the account's block of its pool, and each subnet's.
 * While the account's block is not known, they are texts with its `${…}` in them. Pure.
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

/** Everything in a section that AWS would refuse or that contradicts itself, by path; of a pool, its first block. */
export function sectionProblems(section: Written): LayoutProblem[] {
  const { cidrPool } = section;
  const problems = [...choiceProblems(section), ...(cidrPool ? poolProblems(cidrPool) : [])];
  if (problems.length > 0) return problems;
  const first = cidrPool && blockAt(firstOf(cidrPool.cidr), cidrPool);
  const filled = withBlocks(section, first);
  const outer = parseBlock(filled.cidr);
  const tooMany = section.subnets.flatMap(({ prefix, number = 0 }, index): LayoutProblem[] => {
    if (prefix === undefined || !outer || subBlock(outer, prefix, number)) return [];
    const message = `a network of /${outer.prefix} has ${2 ** Math.max(0, prefix - outer.prefix)} blocks of /${prefix}, counted from 0`;
    return [{ path: ['subnets', index, prefix < outer.prefix ? 'prefix' : 'number'], message }];
  });
  return tooMany.length > 0 ? tooMany : layoutProblems(filled);
}

/** A block as AWS stores it, host bits cleared; what is none stays. */
export function canonicalBlock(cidr: string): string {
  return parseBlock(cidr)?.text ?? cidr;
}

function choiceProblems({ cidr, cidrPool, subnets }: Written): LayoutProblem[] {
  const either = (cidr === undefined) === (cidrPool === undefined);
  const own: LayoutProblem[] = either
    ? [{ path: ['cidr'], message: 'give cidr or cidrPool, one of them' }]
    : [];
  const relative = 'give prefix and number, which say the block relative to the network’s';
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

function poolProblems(pool: AddressPool): LayoutProblem[] {
  const at = (key: string, message: string) => [{ path: ['cidrPool', key], message }];
  const range = parseBlock(pool.cidr);
  if (!range) return at('cidr', `\`${pool.cidr}\` is not an IPv4 block like 10.0.0.0/8`);
  if (range.text !== pool.cidr) return at('cidr', `${pool.cidr} begins inside a block: write ${range.text}`);
  if (range.prefix <= pool.prefix) return [];
  return at('prefix', `a block of /${pool.prefix} is larger than the pool, ${range.text}`);
}

/**
 * Everything in it that AWS would refuse or that contradicts itself, by path. Text that still holds `${…}` is
 * passed over.
 */
export function layoutProblems(layout: Layout): LayoutProblem[] {
  const problems: LayoutProblem[] = [];
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
