import type { Callers } from '../callers.ts';
import type { Deviation, Shim } from '../shim.ts';
import { readXml, textAt } from '../xml.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'takes any access key',
  here: 'an access key is known from when IAM makes it, as the key of its user',
};

/** Tells the gateway of the access keys that IAM makes. */
export function userKeysShim(callers: Callers): Shim {
  return {
    services: ['iam'],
    actions: ['CreateAccessKey'],
    async answer(call, next) {
      const reply = await next(call);
      if (reply.status !== 200) return reply;
      const key = ['CreateAccessKeyResponse', 'CreateAccessKeyResult', 'AccessKey'];
      const document = readXml(reply.body);
      const id = textAt(document, ...key, 'AccessKeyId');
      if (id) callers.addUserKey(id, call.caller.account, textAt(document, ...key, 'UserName') ?? '');
      return reply;
    },
  };
}
