import { jsonReply, parseObject, text } from '../wire.ts';
import type { Shim } from './shim.ts';

/**
 * A page of ListCreateAccountStatus names the next one. The emulator's tokens are offsets, and that of every page but the
 * last is the length of the page: the second page would follow itself for ever.
 */
export const creationPages: Shim = {
  service: 'organizations',
  actions: ['ListCreateAccountStatus'],
  async answer(call, _account, next) {
    const reply = await next();
    const page = parseObject(reply.body);
    if (reply.status !== 200 || !page?.NextToken || !Array.isArray(page.CreateAccountStatuses)) return reply;
    const offset = Number(text(call.params, 'NextToken') ?? 0) + page.CreateAccountStatuses.length;
    return jsonReply(call, { ...page, NextToken: String(offset) });
  },
};
