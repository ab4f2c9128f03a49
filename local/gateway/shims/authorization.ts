import type { Authorizer, Decision } from '../authorization/authorizer.ts';
import { denial } from '../authorization/denial.ts';
import { UnknownAuthorization } from '../authorization/unknown.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { errorReply } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'allows every call',
  here: 'every call is decided by the policies of the caller, its session, the resource and the organization (0014); what CloudFormation does for a stack is decided before, and refuses the call, where AWS would roll the stack back',
};

interface AuthorizationDeps {
  readonly authorizer: Authorizer;
  /** Called with the decisions on each call; `undecided` with each call that could not be decided, and the reason. */
  readonly decided: (call: KnownCall, decisions: readonly Decision[]) => void;
  readonly undecided: (call: KnownCall, why: string) => void;
}

/** Passes on a call if all of its checks are allowed. A call that cannot be decided is an error of the gateway, never allowed. */
export function authorizationShim({ authorizer, decided, undecided }: AuthorizationDeps): Shim {
  return {
    async answer(call, next) {
      let decisions: readonly Decision[];
      try {
        decisions = await authorizer.decide(call);
      } catch (error) {
        if (!(error instanceof UnknownAuthorization)) throw error;
        undecided(call, error.message);
        return errorReply(call, 500, 'InternalFailure', error.message);
      }
      decided(call, decisions);
      const refused = decisions.find(({ allowed }) => !allowed);
      return refused?.refusal ? denial(call, refused.check, refused.refusal) : next(call);
    },
  };
}
