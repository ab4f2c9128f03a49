import ipaddr from 'ipaddr.js';

/** An IPv4 block in canonical form: `text` is `10.0.0.0/16`; `first` and `last` are its addresses as numbers. */
export interface Block {
  readonly text: string;
  readonly prefix: number;
  readonly first: number;
  readonly last: number;
}

/** Reads `a.b.c.d/n`, host bits cleared as AWS does (100.68.0.18/18 is 100.68.0.0/18); undefined when it is none. */
export function parseBlock(text: string): Block | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return undefined;
  const [, prefix] = ipaddr.IPv4.parseCIDR(text);
  const network = ipaddr.IPv4.networkAddressFromCIDR(text);
  const first = toNumber(network);
  return {
    text: `${network.toString()}/${prefix}`,
    prefix,
    first,
    last: toNumber(ipaddr.IPv4.broadcastAddressFromCIDR(text)),
  };
}

/** The block of that size that begins with this address, as text. */
export function formatBlock(first: number, prefix: number): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join('.')}/${prefix}`;
}

/** The `number`-th block of that size in a block, from 0; undefined when there are not so many. */
export function subBlock(outer: Block, prefix: number, number: number): Block | undefined {
  if (prefix < outer.prefix || number >= 2 ** (prefix - outer.prefix)) return undefined;
  return parseBlock(formatBlock(outer.first + number * 2 ** (32 - prefix), prefix));
}

/** Whether the one block holds the whole other; a block contains itself. */
export function contains(outer: Block, inner: Block): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the blocks have an address in common. */
export function overlaps(one: Block, other: Block): boolean {
  return one.first <= other.last && other.first <= one.last;
}

/** Addresses that AWS lets resources have in a subnet: all but five. */
export function usableAddresses(block: Block): number {
  return block.last - block.first + 1 - 5;
}

function toNumber(address: ipaddr.IPv4): number {
  return address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
}
