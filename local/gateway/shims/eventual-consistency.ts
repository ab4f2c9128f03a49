import { z } from 'zod';
import type { Iam } from '../iam.ts';
import type { Deviation, Forward, KnownCall, Shim } from '../shim.ts';
import { errorReply, isObject, jsonReply, parseObject, type Reply, text } from '../wire.ts';
import { elementAt, readXml, writeXml, type Xml } from '../xml.ts';

/** How long AWS takes until a change is visible everywhere; no time by default. */
export const ConsistencyPlan = z.strictObject({
  /** Milliseconds in which STS and reads do not know a new role, and decisions use the previous policies of a changed one. */
  iam: z.int().min(0).default(0),
  /** Milliseconds in which Describe calls do not know a new resource of EC2. */
  ec2: z.int().min(0).default(0),
  /** Milliseconds in which a new tag of a resource of EC2 is not shown, and GetResources does not return a newly tagged parameter. */
  tags: z.int().min(0).default(0),
});
export type ConsistencyPlan = z.infer<typeof ConsistencyPlan>;

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'shows every change immediately',
  here: 'if a test plans it, new roles, policies, resources of EC2 and tags are visible only after a while',
};

/** Makes changes visible later, as planned. */
export interface Consistency {
  readonly shim: Shim;
  plan(plan: z.input<typeof ConsistencyPlan>): void;
  /** Forgets the plan: everything is visible. */
  clear(): void;
  /** Calls `forget`, which drops what is cached of an account's IAM: now, or once the change of this call is visible. */
  afterWrite(call: KnownCall, forget: () => void): void;
}

/** Calls that read one role. */
const ROLE_READS = [
  'GetRole',
  'GetRolePolicy',
  'ListRolePolicies',
  'ListAttachedRolePolicies',
  'ListRoleTags',
];

/** Error codes of EC2 for an unknown id, by the prefix of the id. */
const NOT_FOUND: Readonly<Record<string, string>> = {
  igw: 'InvalidInternetGatewayID.NotFound',
  rtb: 'InvalidRouteTableID.NotFound',
  sg: 'InvalidGroup.NotFound',
  subnet: 'InvalidSubnetID.NotFound',
  vpc: 'InvalidVpcID.NotFound',
  vpce: 'InvalidVpcEndpointId.NotFound',
};

const EC2_ID = /^[a-z]+-[\da-f]{8,17}$/;

/** Starts without a plan: everything is visible at once. */
export function createConsistency(
  iam: Pick<Iam, 'arnOfRole' | 'grants' | 'role'>,
  now: () => number = Date.now,
): Consistency {
  let planned: ConsistencyPlan | undefined;
  /** Until when something is not visible: roles by account and name, ids of EC2, tags by id and key, parameters by ARN. */
  const unseen = new Map<string, number>();

  const isUnseen = (what: string) => now() < (unseen.get(what) ?? 0);
  const hide = (what: string, milliseconds: number) => {
    if (milliseconds > 0) unseen.set(what, now() + milliseconds);
  };

  async function ofIam(
    call: KnownCall,
    next: Forward,
    { iam: milliseconds }: ConsistencyPlan,
  ): Promise<Reply> {
    const { action, caller } = call;
    const name = text(call.params, 'RoleName') ?? '';
    const key = `role ${caller.account} ${name}`;
    if (ROLE_READS.includes(action) && isUnseen(key)) {
      return errorReply(call, 404, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
    }
    // Decisions use the cache, so the previous policies are read into it before the change.
    const arn = name && action !== 'CreateRole' ? await iam.arnOfRole(caller.account, name) : undefined;
    if (arn) await Promise.all([iam.role(arn), iam.grants(arn)]);
    const reply = await next(call);
    if (action === 'CreateRole' && reply.status === 200) hide(key, milliseconds);
    return reply;
  }

  async function ofSts(call: KnownCall, next: Forward): Promise<Reply> {
    const arn = text(call.params, 'RoleArn') ?? '';
    if (!isUnseen(`role ${arn.split(':')[4]} ${arn.split('/').at(-1)}`)) return next(call);
    const message = `User: ${call.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`;
    return errorReply(call, 403, 'AccessDenied', message);
  }

  async function ofEc2(call: KnownCall, next: Forward, plan: ConsistencyPlan): Promise<Reply> {
    const where = `${call.caller.account} ${call.region}`;
    if (!call.action.startsWith('Describe')) {
      const reply = await next(call);
      if (reply.status === 200) remember(call, reply, where, plan);
      return reply;
    }
    const asked = Object.entries(call.params).find(
      ([name, value]) => !name.startsWith('Filter.') && isUnseen(`${where} ${value}`),
    );
    if (asked) {
      const id = String(asked[1]);
      const code = NOT_FOUND[id.split('-')[0] ?? ''] ?? 'InvalidID.NotFound';
      return errorReply(call, 400, code, `The ID '${id}' does not exist`);
    }
    const reply = await next(call);
    return reply.status === 200 ? filtered(call, reply, where) : reply;
  }

  /** Hides what the call has created or tagged. */
  function remember(call: KnownCall, reply: Reply, where: string, plan: ConsistencyPlan): void {
    const given = Object.entries(call.params);
    if (call.action === 'CreateTags') {
      const named = (pattern: RegExp) =>
        given.flatMap(([name, value]) => (pattern.test(name) ? [String(value)] : []));
      for (const id of named(/^ResourceId\.\d+$/)) {
        for (const key of named(/^Tag\.\d+\.Key$/)) hide(`${where} ${id} ${key}`, plan.tags);
      }
    } else if (/^(Create|Allocate|Run)/.test(call.action)) {
      const asked = new Set(given.map(([, value]) => value));
      for (const id of idsIn(readXml(reply.body))) if (!asked.has(id)) hide(`${where} ${id}`, plan.ec2);
    }
  }

  /** The answer without resources and tags that are not visible yet. */
  function filtered(call: KnownCall, reply: Reply, where: string): Reply {
    const document = readXml(reply.body);
    const answer = elementAt(document, `${call.action}Response`);
    if (answer === undefined || typeof answer === 'string') return reply;
    let changed = false;
    for (const [set, value] of Object.entries(answer)) {
      const items = itemsOf(value);
      const own = set === 'securityGroupInfo' ? 'groupId' : set.replace(/Set$/, 'Id');
      const seen = items.filter((item) => !isUnseen(`${where} ${item[own]}`));
      const shown = seen.map((item) => {
        const tags = itemsOf(item.tagSet);
        const left = tags.filter((tag) => !isUnseen(`${where} ${item[own]} ${tag.key}`));
        return left.length === tags.length ? item : { ...item, tagSet: setOf(left) };
      });
      if (shown.length === items.length && shown.every((item, at) => item === items[at])) continue;
      answer[set] = setOf(shown);
      changed = true;
    }
    return changed ? { ...reply, body: Buffer.from(writeXml(document)) } : reply;
  }

  async function ofTags(call: KnownCall, next: Forward, plan: ConsistencyPlan): Promise<Reply> {
    const { service, action, caller, params, region } = call;
    const arnOf = (name: string) =>
      `arn:aws:ssm:${region}:${caller.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
    const reply = await next(call);
    if (reply.status !== 200) return reply;
    if (service === 'ssm') {
      const name = text(params, action === 'PutParameter' ? 'Name' : 'ResourceId') ?? '';
      if (action !== 'PutParameter' || params.Tags) hide(arnOf(name), plan.tags);
      return reply;
    }
    const answer = parseObject(reply.body) ?? {};
    const list = Array.isArray(answer.ResourceTagMappingList) ? answer.ResourceTagMappingList : [];
    const seen = list.filter((one) => !(isObject(one) && isUnseen(String(one.ResourceARN))));
    return seen.length === list.length ? reply : jsonReply(call, { ...answer, ResourceTagMappingList: seen });
  }

  return {
    shim: {
      services: ['iam', 'sts', 'ec2', 'ssm', 'tagging'],
      async answer(call, next) {
        if (!planned) return next(call);
        switch (call.service) {
          case 'iam':
            return ofIam(call, next, planned);
          case 'sts':
            return ofSts(call, next);
          case 'ec2':
            return ofEc2(call, next, planned);
          case 'ssm':
            return /^(PutParameter|AddTagsToResource)$/.test(call.action)
              ? ofTags(call, next, planned)
              : next(call);
          default:
            return call.action === 'GetResources' ? ofTags(call, next, planned) : next(call);
        }
      },
    },
    plan(plan) {
      planned = ConsistencyPlan.parse(plan);
    },
    clear() {
      planned = undefined;
      unseen.clear();
    },
    afterWrite(call, forget) {
      if (planned && planned.iam > 0 && call.service === 'iam') setTimeout(forget, planned.iam).unref();
      else forget();
    },
  };
}

function itemsOf(value: Xml[string] | undefined): Xml[] {
  const items =
    value !== undefined && typeof value !== 'string' && !Array.isArray(value) ? value.item : undefined;
  return [items ?? []].flat().filter((item): item is Xml => typeof item !== 'string');
}

function setOf(items: readonly Xml[]): Xml | string {
  return items.length > 0 ? { item: [...items] } : '';
}

/** Every id of EC2 that the document names. */
function idsIn(value: Xml[string]): string[] {
  if (typeof value === 'string') return EC2_ID.test(value) ? [value] : [];
  return Object.values(value).flatMap(idsIn);
}
