import { type AddressPool, blockAt, firstOf } from '../../../shared/domain/address-pool.ts';
import { parseBlock, subBlock } from '../../../shared/domain/cidr.ts';
import { type Layout, type LayoutProblem, layoutProblems } from './layout.ts';

/** The output that holds the account's own block of its pool. */
export const ADDRESS = 'address.cidr';

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
  const cidr = section.cidr ?? address ?? `\${${ADDRESS}}`;
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
