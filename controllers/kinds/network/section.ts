import { z } from 'zod';
import { ADDRESS_OUTPUT } from '../../../shared/domain/addresses.ts';
import type { PathProblem } from '../../../shared/domain/document-problems.ts';
import { sectionProblems } from './layout.ts';

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'a subnet name is lower-case letters, digits and dashes, 31 at most');

/** EC2's limits; `aws:` is reserved, and so are the tags that say whose a thing is. */
const Tags = z.record(
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^(?!aws:)(?!orgkeeper:)/i, 'tags starting with `aws:` or `orgkeeper:` cannot be given'),
  z.string().max(256),
);

export const Routing = z.enum(['public', 'private']);
/** `public`: 0.0.0.0/0 goes to the internet gateway. `private`: nothing leaves but to gateway endpoints. */
export type Routing = z.infer<typeof Routing>;

/** Services that have a gateway endpoint, which costs nothing. */
export const GatewayService = z.enum(['s3', 'dynamodb']);
export type GatewayService = z.infer<typeof GatewayService>;

const Subnet = z.strictObject({
  name: Name,
  /** Its block; or `prefix` and `number`, which say it relative to the network's. */
  cidr: z.string().optional(),
  /** Prefix length of its block, which is the `number`-th of that size in the network's, from 0. */
  prefix: z.int().min(16).max(28).optional(),
  number: z.int().min(0).max(4_095).optional(),
  /** Like `use1-az1`: the same place in every account, which a zone's name is not. */
  zoneId: z
    .string()
    .regex(/^([a-z0-9-]+-az\d+|.*\$\{.+)$/, 'a zone id looks like use1-az1; zone names differ by account')
    .optional(),
  /** The n-th of the region's available zone ids, sorted; looked up when the subnet is made. Without either: 1. */
  zone: z.int().min(1).max(20).optional(),
  routing: Routing,
  /** Without it: true where routing is public. */
  mapPublicIpOnLaunch: z.boolean().optional(),
});

/** Every baseline that names a pool says the same of it, or a wider `cidr`. */
const Pool = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a pool name is lower-case letters, digits and dashes'),
  cidr: z.string(),
  prefix: z.int().min(16).max(28),
});

/** `network:` of a baseline. Text may hold `${…}`; what is written out is checked here, the rest by `render`. */
export const NetworkSection = z
  .strictObject({
    /** The same block in every account, or a value of its own; or `cidrPool`. */
    cidr: z.string().optional(),
    /** Each account gets a block of its own out of this pool: shared/domain/addresses.ts. */
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

/** The routings that its subnets use, public first: each has one route table. */
export function routingsOf(subnets: readonly { readonly routing: Routing }[]): Routing[] {
  return Routing.options.filter((routing) => subnets.some((subnet) => subnet.routing === routing));
}

/** What later kinds may use as `${…}`. Route tables are named by their routing. */
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

/** The zone ids in the section: each region has other ones. Pure. */
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
