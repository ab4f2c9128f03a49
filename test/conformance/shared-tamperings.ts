import { DescribeRouteTablesCommand } from '@aws-sdk/client-ec2';
import { readWorldWith } from '../../local/account-world.ts';
import { TAMPERINGS } from '../../local/tamperings/index.ts';
import type { Hand } from '../../local/tamperings/tampering.ts';
import { shippedBaseline } from '../kit/shipped-baseline.ts';
import type { Tampering } from './fixture.ts';
import type { Member } from './support.ts';

/**
 * What people change by hand of the resources of a kind (local/tamperings), each on the kind's section of the shipped baseline
 * `analytics`. The fixture must know the values of the `${…}` names in that section.
 */
export function sharedTamperings(kind: string): readonly Tampering[] {
  const section = shippedSection(kind);
  return TAMPERINGS.filter(({ difference }) => difference.kind === kind).map(
    ({ command, account, tamper, changes, difference }) => ({
      name: `what somebody did with aws ${command}`,
      section,
      together: account,
      tamper: async (member, recorded) => void (await tamper(await handOf(member, recorded))),
      read: async ({ clients }) => changes(await readWorldWith(clients)),
      difference,
    }),
  );
}

function shippedSection(kind: string): unknown {
  const { sections } = shippedBaseline();
  if (!(kind in sections)) throw new Error(`The shipped baseline has no section ${kind}.`);
  return sections[kind];
}

async function handOf({ account, clients }: Member, recorded: Readonly<Record<string, string>>) {
  const { iam, ec2, ssm } = clients;
  const subnet = recorded['subnet.public.id'] ?? '';
  const hand: Hand = {
    iam,
    ec2,
    ssm,
    accountId: account.accountId,
    ids: {
      vpc: recorded['vpc.id'] ?? '',
      gateway: recorded['internetGateway.id'] ?? '',
      subnet,
      table: recorded['routeTable.public.id'] ?? '',
      association: subnet && (await associationOf(subnet, clients)),
      endpoint: recorded['endpoint.s3.id'] ?? '',
    },
  };
  return hand;
}

/** The subnet's association with a route table; empty if somebody has disassociated it. */
async function associationOf(subnet: string, { ec2 }: Member['clients']): Promise<string> {
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
  const associations = RouteTables.flatMap(({ Associations = [] }) => Associations);
  return associations.find(({ SubnetId }) => SubnetId === subnet)?.RouteTableAssociationId ?? '';
}
