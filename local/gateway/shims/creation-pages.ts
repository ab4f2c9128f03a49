import type { Deviation, Shim } from '../shim.ts';
import { jsonReply, parseObject, text } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'repeats the second page of ListCreateAccountStatus for ever',
  here: 'each page names the next',
};

/**
 * The emulator's tokens of ListCreateAccountStatus are offsets, but every page except the last has its own length as its next
 * token: the second page would repeat for ever.
 */
export const creationPages: Shim = {
  services: ['organizations'],
  actions: ['ListCreateAccountStatus'],
  async answer(call, next) {
    const reply = await next(call);
    const page = parseObject(reply.body);
    if (reply.status !== 200 || !page?.NextToken || !Array.isArray(page.CreateAccountStatuses)) return reply;
    const offset = Number(text(call.params, 'NextToken') ?? 0) + page.CreateAccountStatuses.length;
    return jsonReply(call, { ...page, NextToken: String(offset) });
  },
};
