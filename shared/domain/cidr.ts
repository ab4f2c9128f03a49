import ipaddr from 'ipaddr.js';

/** An IPv4 block in canonical form: `text` is `10.0.0.0/16`; `first` is its first address as a number. */
export interface Block {
  readonly text: string;
  readonly prefix: number;
  readonly network: ipaddr.IPv4;
  readonly first: number;
}

/** Parses `a.b.c.d/n` and clears host bits as AWS does (100.68.0.18/18 is 100.68.0.0/18); undefined if the text is not a block. */
export function parseBlock(text: string): Block | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return undefined;
  const [, prefix] = ipaddr.IPv4.parseCIDR(text);
  const network = ipaddr.IPv4.networkAddressFromCIDR(text);
  const first = Buffer.from(network.toByteArray()).readUInt32BE();
  return { text: `${network.toString()}/${prefix}`, prefix, network, first };
}

/** The block with this prefix length that begins at this address, as text. */
export function formatBlock(first: number, prefix: number): string {
  return `${ipaddr.IPv4.parse(String(first)).toString()}/${prefix}`;
}

/** The `number`-th block with this prefix length in a block, from 0; undefined if there are not that many. */
export function subBlock(outer: Block, prefix: number, number: number): Block | undefined {
  if (prefix < outer.prefix || number >= 2 ** (prefix - outer.prefix)) return undefined;
  return parseBlock(formatBlock(outer.first + number * 2 ** (32 - prefix), prefix));
}

/** Whether `outer` contains all of `inner`; a block contains itself. */
export function contains(outer: Block, inner: Block): boolean {
  return outer.prefix <= inner.prefix && inner.network.match(outer.network, outer.prefix);
}

/** Whether the blocks have an address in common; then one contains the other. */
export function overlaps(one: Block, other: Block): boolean {
  return contains(one, other) || contains(other, one);
}

/** Number of addresses that resources can use in a subnet: AWS reserves five. */
export function usableAddresses({ prefix }: Block): number {
  return 2 ** (32 - prefix) - 5;
}
