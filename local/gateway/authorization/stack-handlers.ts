import { type Operation, objects, type Params } from './operations.ts';
import { type Handler, written } from './stack-handler.ts';
import { SERVICE_HANDLERS } from './stack-services.ts';

export const ROLE = 'AWS::IAM::Role';

/** In place of the ids that AWS gives. */
export const SOME = { VPC: 'vpc-0', Subnet: 'subnet-0' } as const;

/**
 * The calls for the types of the member template and, with those of `stack-services.ts`, of our stacks. The handlers of AWS need more, to
 * read what they have made.
 * https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
 */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...SERVICE_HANDLERS,
  [ROLE]: {
    fixed: ['RoleName', 'Path'],
    make: ({ RoleName, Policies, ManagedPolicyArns, ...properties }) => [
      iam('CreateRole', { ...properties, RoleName }),
      ...putPolicies({ RoleName, Policies }),
      ...written(ManagedPolicyArns).map((PolicyArn) => iam('AttachRolePolicy', { RoleName, PolicyArn })),
      iam('GetRole', { RoleName }),
    ],
    change(role, before, changed) {
      const { RoleName, PermissionsBoundary } = role;
      const named = ({ Policies }: Params) => objects(Policies).map(({ PolicyName }) => PolicyName);
      const dropped = named(before).filter((name) => !named(role).includes(name));
      const [attached, detached] = [
        without(role.ManagedPolicyArns, before.ManagedPolicyArns),
        without(before.ManagedPolicyArns, role.ManagedPolicyArns),
      ];
      const boundary =
        PermissionsBoundary === undefined
          ? iam('DeleteRolePermissionsBoundary', { RoleName })
          : iam('PutRolePermissionsBoundary', { RoleName, PermissionsBoundary });
      return [
        ...(changed('AssumeRolePolicyDocument') ? [iam('UpdateAssumeRolePolicy', { RoleName })] : []),
        ...(changed('Description') || changed('MaxSessionDuration') ? [iam('UpdateRole', { RoleName })] : []),
        ...(changed('PermissionsBoundary') ? [boundary] : []),
        ...(changed('Policies') ? putPolicies(role) : []),
        ...dropped.map((PolicyName) => iam('DeleteRolePolicy', { RoleName, PolicyName })),
        ...attached.map((PolicyArn) => iam('AttachRolePolicy', { RoleName, PolicyArn })),
        ...detached.map((PolicyArn) => iam('DetachRolePolicy', { RoleName, PolicyArn })),
        ...(changed('Tags')
          ? tagChanges(role, before, {
              add: (Tags) => iam('TagRole', { RoleName, Tags }),
              drop: (TagKeys) => iam('UntagRole', { RoleName, TagKeys }),
            })
          : []),
      ];
    },
    remove: ({ RoleName, Policies, ManagedPolicyArns }) => [
      ...written(ManagedPolicyArns).map((PolicyArn) => iam('DetachRolePolicy', { RoleName, PolicyArn })),
      ...objects(Policies).map(({ PolicyName }) => iam('DeleteRolePolicy', { RoleName, PolicyName })),
      iam('DeleteRole', { RoleName }),
    ],
  },
  'AWS::IAM::Policy': {
    fixed: ['PolicyName'],
    make: putPolicy,
    change: (policy, { PolicyName, Roles }) => [
      ...putPolicy(policy),
      ...without(Roles, policy.Roles).map((RoleName) => iam('DeleteRolePolicy', { RoleName, PolicyName })),
    ],
    remove: ({ PolicyName, Roles }) =>
      written(Roles).map((RoleName) => iam('DeleteRolePolicy', { RoleName, PolicyName })),
  },
  'AWS::EC2::VPC': {
    fixed: ['CidrBlock'],
    make: ({ Tags }) => [
      ec2('CreateVpc', tagged('vpc', Tags)),
      ec2('DescribeVpcs', {}),
      ec2('ModifyVpcAttribute', { VpcId: SOME.VPC }),
    ],
    change: (vpc, before, changed) => [
      ...(changed('EnableDnsSupport') || changed('EnableDnsHostnames')
        ? [ec2('ModifyVpcAttribute', { VpcId: SOME.VPC })]
        : []),
      ...ec2Tags(SOME.VPC, vpc, before),
    ],
    remove: () => [ec2('DeleteVpc', { VpcId: SOME.VPC }), ec2('DescribeVpcs', {})],
  },
  'AWS::EC2::Subnet': {
    fixed: ['VpcId', 'CidrBlock', 'AvailabilityZone', 'AvailabilityZoneId'],
    make: ({ Tags, VpcId, AvailabilityZone }) => [
      ...(JSON.stringify(AvailabilityZone ?? '').includes('Fn::GetAZs')
        ? [ec2('DescribeAvailabilityZones', {})]
        : []),
      ec2('CreateSubnet', { VpcId, ...tagged('subnet', Tags) }),
      ec2('DescribeSubnets', {}),
      ec2('ModifySubnetAttribute', { SubnetId: SOME.Subnet }),
    ],
    change: (subnet, before, changed) => [
      ...(changed('MapPublicIpOnLaunch') ? [ec2('ModifySubnetAttribute', { SubnetId: SOME.Subnet })] : []),
      ...ec2Tags(SOME.Subnet, subnet, before),
    ],
    remove: () => [ec2('DeleteSubnet', { SubnetId: SOME.Subnet }), ec2('DescribeSubnets', {})],
  },
};

function putPolicies({ RoleName, Policies }: Params): Operation[] {
  return objects(Policies).map(({ PolicyName }) => iam('PutRolePolicy', { RoleName, PolicyName }));
}

function putPolicy({ PolicyName, Roles }: Params): Operation[] {
  return written(Roles).map((RoleName) => iam('PutRolePolicy', { RoleName, PolicyName }));
}

function ec2Tags(id: string, wanted: Params, before: Params): Operation[] {
  return tagChanges(wanted, before, {
    add: (Tag) => ec2('CreateTags', { ResourceId: [id], Tag }),
    drop: (keys) => ec2('DeleteTags', { ResourceId: [id], Tag: keys.map((Key) => ({ Key })) }),
  });
}

function tagChanges(
  wanted: Params,
  before: Params,
  calls: {
    readonly add: (tags: Params[]) => Operation;
    readonly drop: (keys: unknown[]) => Operation;
  },
): Operation[] {
  const [now, then] = [objects(wanted.Tags), objects(before.Tags)];
  const has = (tags: Params[], one: Params) =>
    tags.some(({ Key, Value }) => Key === one.Key && JSON.stringify(Value) === JSON.stringify(one.Value));
  const added = now.filter((one) => !has(then, one));
  const dropped = then.map(({ Key }) => Key).filter((key) => !now.some(({ Key }) => Key === key));
  return [
    ...(added.length > 0 ? [calls.add(added)] : []),
    ...(dropped.length > 0 ? [calls.drop(dropped)] : []),
  ];
}

function without(some: unknown, others: unknown): string[] {
  const left = new Set(written(others));
  return written(some).filter((one) => !left.has(one));
}

function iam(name: string, params: Params): Operation {
  return { service: 'iam', name, params };
}

function ec2(name: string, params: Params): Operation {
  return { service: 'ec2', name, params };
}

function tagged(ResourceType: string, tags: unknown): Params {
  return Array.isArray(tags) && tags.length > 0 ? { TagSpecification: [{ ResourceType, Tag: tags }] } : {};
}
