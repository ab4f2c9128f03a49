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

/** Signing names of the services that Orgkeeper calls in the region of a member account. */
export const REGIONAL = Object.values(memberServices)
  .filter(({ endpoint }) => endpoint === 'regional')
  .map(({ signingName }) => signingName);

/**
 * How a service writes its errors: as the request is written, where that tells; else as its row says. Of the others, which
 * people and tests call, only S3 is no query service.
 */
export function protocolOf({ headers, service, url }: Asked): Protocol | 's3' {
  if (headers['x-amz-target'] || isJson(headers)) return 'json';
  const row = SERVICES.find((one) => one.signingName === service && url.startsWith(one.path ?? ''));
  return row?.protocol ?? (service === 's3' ? 's3' : 'query');
}

/** True where the body of a request is JSON. */
export function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/(x-amz-)?json/.test(headers['content-type'] ?? '');
}
