import { type Block, contains, overlaps, parseBlock } from '../../../shared/domain/cidr.ts';

/** What of a section can contradict itself. */
export interface Layout {
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
export interface LayoutProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
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
