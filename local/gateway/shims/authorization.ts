import type { Authorizer, Decision } from '../authorization/authorizer.ts';
import { denial } from '../authorization/denial.ts';
import { UnknownAuthorization } from '../authorization/unknown.ts';
import type { Deviation, KnownCall, Shim } from '../shim.ts';
import { errorReply } from '../wire.ts';

/** For the table of decision 9. */
export const difference: Deviation = {
  emulator: 'lets everybody do everything',
  here: "every call is decided by the policies of the caller, its session, the resource and the organization (0014); what CloudFormation makes for a caller is the caller's CreateStack alone",
};

/** What deciding needs. */
interface AuthorizationDeps {
  readonly authorizer: Authorizer;
  /** Hears of each decision, and of each call that could not be decided, with why. */
  readonly decided: (call: KnownCall, decisions: readonly Decision[]) => void;
  readonly undecided: (call: KnownCall, why: string) => void;
}

/** Lets a call on whose every check is allowed; a call that nobody can say how to decide is a fault of the gateway's, not an allowance. */
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
