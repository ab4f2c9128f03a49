import type { Callers } from '../callers.ts';
import type { Deviation, Shim } from '../shim.ts';
import { readXml, textAt } from '../xml.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'accepts any access key',
  here: 'accepts an access key once IAM has created it, as the key of its user',
};

/** Adds access keys that IAM creates to the gateway's callers. */
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
