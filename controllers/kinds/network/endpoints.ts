import {
  CreateVpcEndpointCommand,
  DeleteVpcEndpointsCommand,
  DescribeVpcEndpointsCommand,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import { memberServices } from '../../../shared/aws/member-services.ts';
import { translateError } from '../../../shared/aws/translate-error.ts';
import { NotYetConsistent } from '../../../shared/domain/errors.ts';
import type { Difference } from '../../../shared/domain/status.ts';
import { covers, PolicyError } from '../../../shared/policy/index.ts';
import type { Comparison } from '../kind.ts';
import { type Endpoint, type Network, type NetworkActual, ofType, type VpcEndpoint } from './model.ts';
import {
  block,
  change,
  joined,
  type Named,
  needsReplacement,
  ours,
  pages,
  type Resource,
  report,
  reportOthers,
  tagChanges,
  tagRecord,
  vpcFilter,
  type Work,
} from './resource.ts';
import { tableNamed } from './route-tables.ts';
import type { GatewayService } from './section.ts';
import { VPC } from './vpc.ts';
import {
  applyTags,
  changesOf,
  clientToken,
  createWithToken,
  deleteOne,
  idOf,
  isToBeMade,
  recordMade,
  tagSpecifications,
  write,
  wrote,
} from './write.ts';

/** The gateway endpoint to a service. */
export const endpointNamed = (service: string): Named<'endpoint'> => ({
  type: 'endpoint',
  logical: `endpoint/${service}`,
  resource: `endpoint ${service}`,
  output: `endpoint.${service}.id`,
});

/** The gateway endpoints: service, type, route tables, policy and tags of each. */
export const endpoints: Resource<VpcEndpoint> = {
  type: 'endpoint',
  standsIn: 'vpc',
  permissions: {
    read: ['ec2:DescribeVpcEndpoints'],
    write: ['ec2:CreateTags', 'ec2:CreateVpcEndpoint', 'ec2:DeleteVpcEndpoints', 'ec2:ModifyVpcEndpoint'],
  },
  outputs: /^endpoint\..+\.id$/,

  async read(ec2, vpcId) {
    const Filters = vpcFilter(vpcId);
    const found = await pages(
      (NextToken) => ec2.send(new DescribeVpcEndpointsCommand({ Filters, NextToken })),
      (page) => page.VpcEndpoints,
    );
    return found.map((endpoint) => ({
      type: 'endpoint',
      id: endpoint.VpcEndpointId ?? '',
      vpcId,
      serviceName: endpoint.ServiceName ?? '',
      endpointType: endpoint.VpcEndpointType ?? '',
      state: (endpoint.State ?? '').toLowerCase(),
      tableIds: endpoint.RouteTableIds ?? [],
      policy: endpoint.PolicyDocument,
      tags: tagRecord(endpoint.Tags),
    }));
  },

  /** As made: a duplicate serves no table that the other does not serve, and has the policy that AWS sets. */
  signs(wanted) {
    return wanted.endpoints.map(({ name, serviceName }) => {
      const isLike = (one: VpcEndpoint) => one.serviceName === serviceName && one.endpointType === 'Gateway';
      return {
        named: endpointNamed(name),
        isLike,
        isAsMade: (one, kept) =>
          isLike(one) &&
          one.tableIds.every((id) => kept.tableIds.includes(id)) &&
          allowsAll(one.policy, name),
      };
    });
  },

  diff(wanted, actual) {
    return joined([
      ...wanted.endpoints.map((endpoint) => diffEndpoint(endpoint, wanted, actual)),
      reportOthers('endpoint', actual, ({ serviceName }) => ({ serviceName })),
    ]);
  },

  async apply(work) {
    for (const endpoint of work.wanted.endpoints) await applyEndpoint(endpoint, work);
  },

  async delete(id, ec2) {
    const { Unsuccessful = [] } = await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }));
    const { Code = '', Message = '' } = Unsuccessful[0]?.Error ?? {};
    const failure = Object.assign(new Error(Message), { name: Code });
    if (Code) throw translateError('ec2:DeleteVpcEndpoints', failure, memberServices.ec2);
  },

  /** AWS deletes a gateway endpoint some seconds after its answer. Until then its routes prevent the deletion of the route tables. */
  async remove(ids, { actual, context }) {
    for (const id of ids) await deleteOne(endpoints, id, context);
    const vpc = ours(VPC, actual);
    if (!vpc || ids.length === 0) return;
    await context.eventually(async () => {
      const found = await endpoints.read(context.clients.ec2, vpc.id);
      const left = found.filter(({ id, state }) => ids.includes(id) && state !== 'deleted');
      if (left.length === 0) return;
      throw new NotYetConsistent(`${left.map(({ id }) => id).join(', ')} is still being deleted.`, {
        retryAfterSeconds: 10,
      });
    });
  },
};

/** The gateway endpoint that the account should have for a service. Pure. */
export function wantedEndpoint(name: GatewayService, region: string): Endpoint {
  return { name, serviceName: `com.amazonaws.${region}.${name}` };
}

/** The policy that AWS gives to a new endpoint: everybody may use the actions that match. */
export function fullAccess(action: string) {
  const everything = { Effect: 'Allow', Principal: '*', Action: action, Resource: '*' };
  return { Version: '2008-10-17', Statement: [everything] };
}

/** True if the policy of an endpoint allows every action of this service. */
function allowsAll(policy: string | undefined, service: string): boolean {
  if (policy === undefined) return true;
  try {
    return covers(fullAccess(`${service}:*`), policy).covered;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

function diffEndpoint(
  { name, serviceName }: Endpoint,
  wanted: Network,
  actual: NetworkActual | undefined,
): Partial<Comparison> {
  const named = endpointNamed(name);
  const { resource } = named;
  const tables = wanted.routings.map(tableNamed).map((table) => ours(table, actual)?.id ?? table.logical);
  const found = ours(named, actual);
  const inTheWay = ofType('endpoint', actual?.others).find(
    (other) => other.serviceName === serviceName && other.tableIds.some((id) => tables.includes(id)),
  );
  if (inTheWay) {
    const message =
      `${inTheWay.id}, which is not ours, already serves our route tables for ${serviceName}: ` +
      'remove our route tables from that endpoint, or delete it.';
    const field = { resource, path: 'routeTables', desired: tables, actual: inTheWay.id };
    return {
      differences: found ? tagChanges(named, wanted, found) : [],
      blocked: [block('ForeignResource', message, field)],
    };
  }
  if (!found) {
    return { differences: [change({ resource, path: '', desired: { serviceName, routeTables: tables } })] };
  }
  const fixed = [
    { path: 'serviceName', desired: serviceName, actual: found.serviceName },
    { path: 'type', desired: 'Gateway', actual: found.endpointType },
  ].filter((field) => field.desired !== field.actual);
  if (fixed.length > 0) {
    return { blocked: fixed.map((field) => needsReplacement(found.id, { resource, ...field })) };
  }
  const complete = tables.every((id) => found.tableIds.includes(id));
  const inside = ofType('route table', actual?.inside);
  return {
    differences: [
      ...(complete
        ? []
        : [change({ resource, path: 'routeTables', desired: tables, actual: found.tableIds })]),
      ...policyChange(name, found),
      ...tagChanges(named, wanted, found),
    ],
    unowned: found.tableIds
      .filter((id) => !tables.includes(id) && inside.some((table) => table.id === id))
      .map((id) => report({ resource, path: `routeTables.${id}`, actual: id })),
  };
}

/** A policy that denies anything is corrected: access is limited by the resources behind the endpoint, not by the endpoint. */
function policyChange(name: Endpoint['name'], { policy: actual }: VpcEndpoint): Difference[] {
  if (allowsAll(actual, name)) return [];
  const desired = JSON.stringify(fullAccess('*'));
  return [change({ resource: endpointNamed(name).resource, path: 'policy', desired, actual })];
}

/** Makes the endpoint, or adds our route tables and the policy to it; route tables of others stay. */
async function applyEndpoint(endpoint: Endpoint, work: Work): Promise<void> {
  const { wanted, actual, context } = work;
  const { ec2 } = context.clients;
  const named = endpointNamed(endpoint.name);
  const tables = wanted.routings.flatMap((routing) => idOf(work, tableNamed(routing)) ?? []);
  if (isToBeMade(work, named)) {
    const input = {
      VpcId: idOf(work, VPC),
      VpcEndpointType: 'Gateway' as const,
      ServiceName: endpoint.serviceName,
      RouteTableIds: tables,
      TagSpecifications: tagSpecifications(wanted, named, 'vpc-endpoint'),
    };
    const ClientToken = clientToken(work, named, input);
    const command = new CreateVpcEndpointCommand({ ...input, ClientToken });
    const { VpcEndpoint } = await createWithToken(work, named, () => ec2.send(command));
    recordMade(work, named, VpcEndpoint?.VpcEndpointId);
    return;
  }
  const found = ours(named, actual);
  if (!found) return;
  if (changesOf(work, named).some(({ path }) => path === 'routeTables')) {
    const AddRouteTableIds = tables.filter((id) => !found.tableIds.includes(id));
    const input = { VpcEndpointId: found.id, AddRouteTableIds };
    await write(context, () => ec2.send(new ModifyVpcEndpointCommand(input)));
    wrote(work, named, 'routeTables');
  }
  if (changesOf(work, named).some(({ path }) => path === 'policy')) {
    const input = { VpcEndpointId: found.id, PolicyDocument: JSON.stringify(fullAccess('*')) };
    await write(context, () => ec2.send(new ModifyVpcEndpointCommand(input)));
    wrote(work, named, 'policy');
  }
  await applyTags(work, named, found.id);
}
