import type { AwsCredentialIdentity, RequestHandler, RetryStrategyV2 } from '@smithy/types';

/** What every client of the SDK is made with. */
export interface ClientSettings {
  readonly region: string;
  // biome-ignore lint/suspicious/noExplicitAny: of any protocol
  readonly requestHandler: RequestHandler<any, any, any>;
  readonly retryStrategy?: RetryStrategyV2;
  readonly maxAttempts?: number;
  readonly credentials?: AwsCredentialIdentity;
}

/** A service of AWS: one row of `memberServices` or `mainServices`. */
export interface Service<Client> {
  readonly client: (settings: ClientSettings) => Client;
  /** What its requests are signed for. */
  readonly signingName: string;
  /** How its requests and errors are written. The errors of S3 have no element around them, as those of other services in XML have. */
  readonly protocol: 'query' | 'ec2' | 'json' | 'rest-xml' | 's3';
  /** `regional`: it has an endpoint in each region. `global`: one for the partition. */
  readonly endpoint: 'regional' | 'global';
  /** How its paths begin, where other services are signed for by the same name. */
  readonly path?: string;
}
