import { NAME_TAG, OWNER_TAG } from '../kind.ts';

/**
 * What one of our things is called: `logical` in its tag `orgkeeper:name`, `resource` in differences, `output`
 * where its id is recorded.
 */
export interface Named {
  readonly logical: string;
  readonly resource: string;
  readonly output: string;
}

/** The one VPC. */
export const VPC: Named = { logical: 'vpc', resource: 'vpc', output: 'vpc.id' };
/** Its internet gateway. */
export const GATEWAY: Named = {
  logical: 'internet-gateway',
  resource: 'internet gateway',
  output: 'internetGateway.id',
};
/** The subnet that the baseline calls so. */
export const subnetNamed = (name: string): Named => ({
  logical: `subnet/${name}`,
  resource: `subnet ${name}`,
  output: `subnet.${name}.id`,
});
/** The route table of a routing. */
export const tableNamed = (routing: string): Named => ({
  logical: `route-table/${routing}`,
  resource: `route table ${routing}`,
  output: `routeTable.${routing}.id`,
});
/** The gateway endpoint to a service. */
export const endpointNamed = (service: string): Named => ({
  logical: `endpoint/${service}`,
  resource: `endpoint ${service}`,
  output: `endpoint.${service}.id`,
});

/** Outputs that hold ids of these, the VPC's block, and when one was made or asked for. */
export const OF_A_NETWORK =
  /^(madeAt\.|unanswered\.)?(vpc\.id|vpc\.cidr|internetGateway\.id|(subnet|routeTable|endpoint)\..+\.id)$/;

/** Its `Name`, where the baseline gives no other. */
export function nameOf({ logical }: Named): string {
  return `orgkeeper/${logical}`;
}

/** The tags that it has to carry; others may be there too. */
export function wantedTags(
  wanted: { readonly owner: string; readonly tags: Readonly<Record<string, string>> },
  named: Named,
): Record<string, string> {
  return {
    Name: nameOf(named),
    ...wanted.tags,
    [OWNER_TAG]: wanted.owner,
    [NAME_TAG]: named.logical,
  };
}
