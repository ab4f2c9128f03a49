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

/** Services that only people and tests call, and whose requests without a body do not tell that they are JSON. */
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

/** The region that a call is served in, whatever it is signed for: that of a global service is the home of the partition. */
export function regionOf({ service, region }: { readonly service: string; readonly region: string }): string {
  return GLOBAL.includes(service) ? homeRegionOf(region) : region;
}

/** A region of the same partition that is always there; its global services are at home there. */
export function homeRegionOf(region: string): string {
  if (region.startsWith('cn-')) return 'cn-north-1';
  return region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
}

/**
 * How a service writes its errors: as the request is written, where that tells; else as its row says. Of the others, which
 * people and tests call, only S3 is no query service.
 */
export function protocolOf({ headers, service, url }: Asked): Protocol | 's3' {
  if (headers['x-amz-target'] || isJson(headers) || JSON_BY_PATH.has(service)) return 'json';
  const row = SERVICES.find((one) => one.signingName === service && url.startsWith(one.path ?? ''));
  return row?.protocol ?? (service === 's3' ? 's3' : 'query');
}

/** True where the body of a request is JSON. */
export function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/(x-amz-)?json/.test(headers['content-type'] ?? '');
}
