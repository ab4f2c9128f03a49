import type { AwsCredentialIdentity } from '@smithy/types';
import { requestHandler } from './connections.ts';
import { type MemberService, memberServices } from './member-services.ts';
import type { Endpoint } from './outages.ts';
import { patience } from './patience.ts';
import type { ClientSettings } from './service.ts';
import { type AnyClient, type Around, type ObservedCall, watch } from './watch.ts';

type ClientOf<Name extends MemberService> = ReturnType<(typeof memberServices)[Name]['client']>;

/** Clients for one member account in one region, one a service, created on first use, credentials bound. */
export type MemberClients = { readonly [Name in MemberService]: ClientOf<Name> } & {
  /** For creates without a client token: retried only after throttling. */
  readonly ec2Once: ClientOf<'ec2'>;
  /** The same for launches of clusters. */
  readonly elasticmapreduceOnce: ClientOf<'elasticmapreduce'>;
  /** The same clients in another region: for a global kind that must look into each region of the account. */
  readonly inRegion: (region: string) => MemberClients;
};

/** Account and region of the clients, and who observes their calls. */
export interface MemberClientsOptions {
  /** For all services, or by service. */
  readonly credentials: AwsCredentialIdentity | ((service: MemberService) => AwsCredentialIdentity);
  readonly region: string;
  /** No call is retried after this time. */
  readonly until?: Date;
  /** Called before each call is sent. */
  readonly onCall?: (call: ObservedCall) => void;
  /** Called before each attempt of a call, retries included; a throw ends the retries. */
  readonly onAttempt?: (call: ObservedCall) => void;
  /** Runs each call and may repeat it. */
  readonly around?: Around;
  /** Sends each attempt of a call to this endpoint, retries included, and may refuse it: shared/aws/outages.ts. */
  readonly attempt?: <T>(at: Endpoint, send: () => Promise<T>) => Promise<T>;
}

/** Clients whose errors are ControllerErrors wherever shared/aws/translate-error.ts knows them. */
export function memberClients(options: MemberClientsOptions): MemberClients {
  const { credentials, region, until, attempt } = options;
  const settings = (service: MemberService, once: boolean): ClientSettings => ({
    credentials: typeof credentials === 'function' ? credentials(service) : credentials,
    region,
    requestHandler,
    retryStrategy: patience({ until, once }),
  });
  const clients = {};
  const define = (name: string, service: MemberService, once = false) => {
    const { client, endpoint } = memberServices[service];
    let made: AnyClient | undefined;
    const at = { service, ...(endpoint === 'regional' && { region }) };
    const watching = {
      ...options,
      ...(attempt && { aroundAttempt: <T>(send: () => Promise<T>) => attempt(at, send) }),
    };
    const get = () => {
      made ??= watch(client(settings(service, once)), { name: service, inMember: { endpoint } }, watching);
      return made;
    };
    Object.defineProperty(clients, name, { enumerable: true, get });
  };
  for (const service of Object.keys(memberServices)) define(service, service as MemberService);
  define('ec2Once', 'ec2', true);
  define('elasticmapreduceOnce', 'elasticmapreduce', true);
  Object.defineProperty(clients, 'inRegion', {
    value: (other: string) => (other === region ? clients : memberClients({ ...options, region: other })),
  });
  // Every name of the type is defined above, from the very table that the type is made of.
  return clients as MemberClients;
}
