import { S3Client } from '@aws-sdk/client-s3';
import type { ClientSettings } from './service.ts';

/**
 * S3 puts the name of the bucket in front of the endpoint's host name. An endpoint that somebody names, such as that of the local
 * runtime, is an address to which nothing can be added: there the bucket begins the path.
 */
export function s3Client(settings: ClientSettings): S3Client {
  const client = new S3Client(settings);
  const byRules = client.config.endpointProvider;
  client.config.endpointProvider = (parameters, context) =>
    byRules({ ...parameters, ...(parameters.Endpoint && { ForcePathStyle: true }) }, context);
  return client;
}
