import type { IncomingHttpHeaders } from 'node:http';
import { mainServices } from '../../shared/aws/main-services.ts';
import { memberServices } from '../../shared/aws/member-services.ts';
import type { Service } from '../../shared/aws/service.ts';

type Protocol = Service<unknown>['protocol'];

interface Asked {
  readonly headers: IncomingHttpHeaders;
  /** Signing name. */
  readonly service: string;
  readonly url: string;
}

const SERVICES: readonly Service<unknown>[] = [
  ...Object.values(memberServices),
  ...Object.values(mainServices),
];

/** JSON services that only people and tests call; their requests without a body do not show that they are JSON. */
const JSON_BY_PATH = new Set(['lambda', 'scheduler']);

/** Signing names of the services that Orgkeeper calls in the region of a member account. */
export const REGIONAL = Object.values(memberServices)
  .filter(({ endpoint }) => endpoint === 'regional')
  .map(({ signingName }) => signingName);

/** Signing names of the services that have one endpoint for the partition. */
const GLOBAL = [
  'sts',
  ...SERVICES.filter(({ endpoint }) => endpoint === 'global').map(({ signingName }) => signingName),
];

/** The region that serves a call, whatever region it is signed for: for a global service, the home region of the partition. */
export function servingRegion({
  service,
  region,
}: {
  readonly service: string;
  readonly region: string;
}): string {
  return GLOBAL.includes(service) ? homeRegionOf(region) : region;
}

/** The home region of a partition: always enabled, and home of its global services. */
export function homeRegionOf(region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
}

/**
 * The protocol of a service's errors: that of the request if it is recognisable, else that of the service's row. All other services,
 * which people and tests call, are query services.
 */
export function protocolOf({ headers, service, url }: Asked): Protocol {
  if (headers['x-amz-target'] || isJson(headers) || JSON_BY_PATH.has(service)) return 'json';
  const row = SERVICES.find((one) => one.signingName === service && url.startsWith(one.path ?? ''));
  return row?.protocol ?? 'query';
}

/** True if the body of a request is JSON. */
export function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/(x-amz-)?json/.test(headers['content-type'] ?? '');
}
