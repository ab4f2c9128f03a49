import type { Config } from '../../shared/deployment/config.ts';
import type { AccountRecord, BaselineReference } from '../../shared/domain/account.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import { dynamicReferenceIn, shellWord, subText } from '../../shared/domain/escape.ts';
import { regionsOf } from '../../shared/domain/region.ts';
import { trustAdmits } from '../../shared/policy/assume-role.ts';
import { managedKinds, namesOf } from '../engine/desired-state.ts';
import type { ExecutionRole } from '../kinds/execution-role/wanted.ts';
import type { AnyKind } from '../kinds/kind.ts';
import { kindAccount, type PlacedRecord, placedRecord } from '../kinds/kind-account.ts';
import type { Network } from '../kinds/network/model.ts';
import { wantedTags } from '../kinds/network/resource.ts';
import { subnetNamed } from '../kinds/network/subnets.ts';
import { VPC } from '../kinds/network/vpc.ts';

/** Parameter and condition of the template: whether the stack makes the network. */
const MAKE_NETWORK = 'MakeNetwork';

/** A CloudFormation template as JSON. */
export interface MemberTemplate {
  readonly AWSTemplateFormatVersion: '2010-09-09';
  readonly Description: string;
  readonly Parameters: Readonly<
    Record<string, { readonly Default: string; readonly [key: string]: unknown }>
  >;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

/** The account's baseline and settings, and the deployment that will manage it. */
export interface MemberTemplateInput {
  readonly record: AccountRecord;
  readonly baseline: BaselineDocument;
  readonly kinds: readonly AnyKind[];
  readonly config: Config;
}

/** The template, its region, the role that it makes, and the arguments of `orgkeeper` that register the account. */
export interface Member {
  readonly roleArn: string;
  /** The home region: only a stack there makes VPC and subnets. */
  readonly region: string;
  readonly register: string;
  readonly template: MemberTemplate;
}

/**
 * The template that the owner of an account deploys so that Orgkeeper can manage it: the execution role exactly as its kind wants
 * it, with the policy that allows Orgkeeper to manage the account, and optionally VPC and subnets. All carry the owner tags, so that
 * Orgkeeper manages them from then on. The role is global; the stack makes the network of the home region, and Orgkeeper those of
 * other regions. Pure.
 * @throws InvalidDesiredState if the baseline has no execution role, or one that Main may not assume
 */
export function memberTemplate({ record: given, baseline, kinds, config }: MemberTemplateInput): Member {
  const regions = regionsOf(given, baseline, config.region);
  const [home, ...others] = regions;
  const record = placedRecord(given, regions, baseline);
  const kept = managedKinds(baseline, kinds);
  const lookup = namesOf(record, config, {});
  const wanted = <Wanted>(name: string, account: PlacedRecord): Wanted | undefined => {
    const one = kept.find(({ kind }) => kind.name === name);
    return one?.kind.render(one.section, lookup, kindAccount(account, config, kept)) as Wanted | undefined;
  };
  const { executionRoleArn, ...withoutRole } = record;
  const roleArn = executionRoleArn ?? wanted<ExecutionRole>('executionRole', withoutRole)?.arn;
  const entered = { ...record, ...(roleArn && { executionRoleArn: roleArn }) };
  const role = wanted<ExecutionRole>('executionRole', entered);
  if (!roleArn || !role) {
    throw new InvalidDesiredState(`Baseline ${formatBaseline(baseline)} has no execution role.`, [], {
      remedy: 'Put `executionRole` into it and publish it, or name another with --baseline.',
    });
  }
  const { accountId, externalId } = record;
  const { runnerRoleArn: callerRoleArn, organizationId, region } = config;
  if (!trustAdmits(role.trustPolicy, { roleArn, callerRoleArn, organizationId, region, externalId })) {
    throw new InvalidDesiredState(
      `The trust policy of baseline ${formatBaseline(baseline)} does not admit ${callerRoleArn} with the ExternalId: the account could not be entered.`,
      [],
      {
        remedy:
          'Let its trust policy name `${main.runnerRole}` with the ExternalId `${account.externalId}`, publish it, and try again.',
      },
    );
  }
  const network = wanted<Network>('network', entered);
  const makesNetwork = network !== undefined && network.waiting.layout.length === 0;
  const parameters = {
    MainAccountId: {
      Type: 'String',
      Default: config.mainAccountId,
      AllowedPattern: '^\\d{12}$',
      Description: 'The account in which Orgkeeper runs. Orgkeeper manages this account from there.',
    },
    ExternalId: {
      Type: 'String',
      Default: record.externalId,
      AllowedPattern: '^[A-Za-z0-9_+=,.@:/-]{2,1224}$',
      Description: 'The ExternalId with which Orgkeeper assumes the role. Leave it as it is.',
    },
    ...(makesNetwork && {
      [MAKE_NETWORK]: {
        Type: 'String',
        Default: 'no',
        AllowedValues: ['yes', 'no'],
        Description: networkDescription(home, others),
      },
    }),
  };
  const template: MemberTemplate = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Lets Orgkeeper manage this account by the baseline ${baseline.name}@${baseline.version}`,
    Parameters: parameters,
    ...(makesNetwork && { Conditions: { [MAKE_NETWORK]: isWantedIn(home) } }),
    Resources: parametrised(
      { ...roleResources(role), ...(makesNetwork && networkResources(network)) },
      {
        MainAccountId: config.mainAccountId,
        ExternalId: record.externalId,
        'AWS::AccountId': record.accountId,
      },
    ),
    Outputs: outputs(record, baseline, makesNetwork ? network : undefined),
  };
  const reference =
    dynamicReferenceIn(template.Resources, 'Resources') ?? dynamicReferenceIn(template.Outputs, 'Outputs');
  if (reference !== undefined) {
    throw new InvalidDesiredState(
      `${reference} of the template holds \`{{resolve:\`: CloudFormation would put a parameter or a secret of the account there.`,
      [],
      { remedy: "Remove it from the account's name, tags and values, or from the baseline." },
    );
  }
  return {
    roleArn,
    region: home,
    register: registerArguments({ accountId, roleArn, externalId, name: shellWord(record.name), baseline }),
    template,
  };
}

/** Whether the owner wants the network, and the stack is in the home region: elsewhere the network would be unowned. */
function isWantedIn(home: string): Record<string, unknown> {
  const isWanted = { 'Fn::Equals': [{ Ref: MAKE_NETWORK }, 'yes'] };
  return { 'Fn::And': [isWanted, { 'Fn::Equals': [{ Ref: 'AWS::Region' }, home] }] };
}

function networkDescription(home: string, others: readonly string[]): string {
  const elsewhere = others.length > 0 ? ` It makes those of ${others.join(', ')} itself.` : '';
  return (
    `Make VPC and subnets here, where this stack is in ${home}. ` +
    `If not, Orgkeeper makes them once the account is registered.${elsewhere}`
  );
}

function outputs(
  { name }: AccountRecord,
  baseline: BaselineReference,
  network: Network | undefined,
): Record<string, unknown> {
  const arn = { 'Fn::GetAtt': ['ExecutionRole', 'Arn'] };
  const register = registerArguments({
    accountId: '${AWS::AccountId}',
    roleArn: '${ExecutionRole.Arn}',
    externalId: '${ExternalId}',
    name: subText(shellWord(name)),
    baseline,
  });
  const made = network && [
    ['VpcId', { Condition: MAKE_NETWORK, Description: 'The VPC', Value: { Ref: 'Vpc' } }],
    ...network.subnets.map(({ name }, index) => [
      `Subnet${index + 1}Id`,
      { Condition: MAKE_NETWORK, Description: `The subnet ${name}`, Value: { Ref: `Subnet${index + 1}` } },
    ]),
  ];
  return {
    ExecutionRoleArn: { Description: 'The role by which Orgkeeper enters this account', Value: arn },
    Register: {
      Description: 'What registers the account, in Main',
      Value: { 'Fn::Sub': `orgkeeper ${register}` },
    },
    ...(made && Object.fromEntries(made)),
  };
}

/** The values in the command, each a shell word; in the template, those that CloudFormation fills in. */
interface RegisterWords {
  readonly accountId: string;
  readonly name: string;
  readonly roleArn: string;
  readonly externalId: string;
  readonly baseline: BaselineReference;
}

/**
 * The arguments of `orgkeeper` that register an account whose owner has deployed the member template. They name the template's
 * baseline, since the rules might choose another. Pure.
 */
function registerArguments({ accountId, name, roleArn, externalId, baseline }: RegisterWords): string {
  return (
    `register ${accountId} --name ${name} --execution-role-arn ${roleArn} ` +
    `--external-id ${externalId} --baseline ${formatBaseline(baseline)}`
  );
}

/** The execution role. Its policies are separate resources, which CloudFormation can change one by one. */
function roleResources(role: ExecutionRole): Record<string, unknown> {
  const policies = Object.entries(role.inlinePolicies).map(([PolicyName, PolicyDocument], index) => [
    `ExecutionRolePolicy${index + 1}`,
    {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName, PolicyDocument, Roles: [{ Ref: 'ExecutionRole' }] },
    },
  ]);
  return {
    ExecutionRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: role.name,
        Path: role.path,
        ...(role.description && { Description: role.description }),
        MaxSessionDuration: role.maxSessionDuration,
        AssumeRolePolicyDocument: role.trustPolicy,
        ...(role.managedPolicies.length > 0 && { ManagedPolicyArns: role.managedPolicies }),
        ...(role.permissionsBoundary && { PermissionsBoundary: role.permissionsBoundary }),
        Tags: tagList(role.tags),
      },
    },
    ...Object.fromEntries(policies),
  };
}

/** VPC and subnets; Orgkeeper adds the rest of the network, like everything that is missing. */
function networkResources(network: Network): Record<string, unknown> {
  const subnets = network.subnets.map((subnet, index) => [
    `Subnet${index + 1}`,
    {
      Type: 'AWS::EC2::Subnet',
      Condition: MAKE_NETWORK,
      Properties: {
        VpcId: { Ref: 'Vpc' },
        CidrBlock: subnet.cidr,
        ...('id' in subnet.zone
          ? { AvailabilityZoneId: subnet.zone.id }
          : { AvailabilityZone: { 'Fn::Select': [subnet.zone.number - 1, { 'Fn::GetAZs': '' }] } }),
        MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
        Tags: tagList(wantedTags(network, subnetNamed(subnet.name))),
      },
    },
  ]);
  return {
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Condition: MAKE_NETWORK,
      Properties: {
        CidrBlock: network.cidr,
        EnableDnsSupport: network.dnsSupport,
        EnableDnsHostnames: network.dnsHostnames,
        Tags: tagList(wantedTags(network, VPC)),
      },
    },
    ...Object.fromEntries(subnets),
  };
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** A piece of a text: literal, or a parameter. */
type Piece = string | { readonly Ref: string };

/** The pieces with each occurrence of a text in literal pieces replaced by the parameter. Pure. */
function taken(pieces: readonly Piece[], [Ref, text]: readonly [name: string, text: string]): Piece[] {
  return pieces.flatMap((piece) => {
    if (typeof piece !== 'string') return [piece];
    return piece.split(text).flatMap((part, at) => (at === 0 ? [part] : [{ Ref }, part]));
  });
}

/**
 * A rendered value with certain texts replaced by parameters: each string that contains one becomes a `Ref` or an `Fn::Sub`. Policy
 * variables of IAM (`${aws:username}`) stay literal. Pure.
 * @param parameters the text that each parameter replaces, by the parameter's name; empty texts are ignored
 */
function parametrised<T>(value: T, parameters: Readonly<Record<string, string>>): T {
  const known = Object.entries(parameters).filter(([, text]) => text !== '');
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return text(item);
    if (Array.isArray(item)) return item.map(walk);
    if (item === null || typeof item !== 'object') return item;
    return Object.fromEntries(Object.entries(item).map(([key, member]) => [key, walk(member)]));
  };
  const text = (item: string): unknown => {
    const whole = known.find(([, each]) => each === item);
    if (whole) return { Ref: whole[0] };
    if (!known.some(([, each]) => item.includes(each))) return item;
    const pieces = known.reduce<Piece[]>(taken, [item]);
    const written = pieces.map((piece) => (typeof piece === 'string' ? subText(piece) : `\${${piece.Ref}}`));
    return { 'Fn::Sub': written.join('') };
  };
  return walk(value) as T;
}
