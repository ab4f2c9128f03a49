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

/** What is denied also where everything else is only recorded. */
export const ALWAYS = /^(sts:AssumeRole|events:PutEvents)$/;

/** What deciding needs. */
interface AuthorizationDeps {
  readonly authorizer: Authorizer;
  /** Hears of each decision, and of each call that could not be decided, with why. */
  readonly decided: (call: KnownCall, decisions: readonly Decision[]) => void;
  readonly undecided: (call: KnownCall, why: string) => void;
  /** False: what would be denied goes on, and is only recorded. */
  readonly enforces: boolean;
}

/** Lets a call on whose every check is allowed; a call that nobody can say how to decide is a fault of the gateway's, not an allowance. */
export function authorizationShim({ authorizer, decided, undecided, enforces }: AuthorizationDeps): Shim {
  return {
    async answer(call, next) {
      let decisions: readonly Decision[] = [];
      try {
        decisions = await authorizer.decide(call);
      } catch (error) {
        if (enforces && !(error instanceof UnknownAuthorization)) throw error;
        undecided(call, String((error as Error).stack));
        return enforces ? errorReply(call, 500, 'InternalFailure', (error as Error).message) : next(call);
      }
      decided(call, decisions);
      const refused = decisions.find(
        ({ allowed, check }) => !allowed && (enforces || ALWAYS.test(check.action)),
      );
      return refused?.refusal ? denial(call, refused.check, refused.refusal) : next(call);
    },
  };
}
