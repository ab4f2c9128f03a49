import type { Deviation, Shim } from '../shim.ts';
import { text, xmlReply } from '../wire.ts';
import { elementAt, readXml, type Xml } from '../xml.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'answers GetAccountAuthorizationDetails with everything at once',
  here: 'it answers with a page of at most `MaxItems` users, groups and roles; the policies are in the first',
};

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html */
const DEFAULT_ITEMS = 100;
const LISTS = ['UserDetailList', 'GroupDetailList', 'RoleDetailList'];

/** The emulator ignores `MaxItems` and `Marker`. Markers are offsets here. */
export const iamPages: Shim = {
  services: ['iam'],
  actions: ['GetAccountAuthorizationDetails'],
  async answer(call, next) {
    const reply = await next(call);
    const most = Number(text(call.params, 'MaxItems') ?? DEFAULT_ITEMS);
    const from = Number(text(call.params, 'Marker') ?? 0);
    // The answer is megabytes of policies, so it is parsed only if it may have several pages.
    if (reply.status !== 200 || (from === 0 && itemsIn(reply.body) <= most)) return reply;
    const { action } = call;
    const all = elementAt(readXml(reply.body), `${action}Response`, `${action}Result`);
    if (all === undefined || typeof all === 'string') return reply;
    const items = LISTS.flatMap((list) => membersOf(all, list).map((member) => ({ list, member })));
    const page = items.slice(from, from + most);
    const listed = LISTS.map((list) => {
      const member = page.flatMap((one) => (one.list === list ? [one.member] : []));
      return [list, member.length > 0 ? { member } : ''] as const;
    });
    const isTruncated = from + most < items.length;
    return xmlReply(call, {
      ...Object.fromEntries(listed),
      ...(from === 0 && all.Policies !== undefined && { Policies: all.Policies }),
      IsTruncated: `${isTruncated}`,
      ...(isTruncated && { Marker: `${from + most}` }),
    });
  },
};

/** The number of users, groups and roles, and of roles in instance profiles. */
function itemsIn(body: Buffer): number {
  return body.toString().match(/<(User|Group|Role)Id>/g)?.length ?? 0;
}

function membersOf(all: Xml, list: string): Xml[] {
  const content = all[list];
  if (content === undefined || typeof content === 'string' || Array.isArray(content)) return [];
  const { member = [] } = content;
  return [member].flat().filter((one): one is Xml => typeof one !== 'string');
}
