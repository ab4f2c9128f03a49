import type { MemberClients } from '../../shared/aws/member-clients.ts';
import { withoutTimes } from '../../shared/domain/made-at.ts';
import type { Difference } from '../../shared/domain/status.ts';
import type { KindOutcome } from './kind-outcome.ts';
import { contextFor, render, type Seen, type Workplace } from './observe-kinds.ts';

/**
 * Takes away what Orgkeeper made of one kind, with clients that may write. What was recorded of it and is not any more
 * stands among the differences. Never throws: what went wrong is the outcome.
 */
export async function removeKind(
  one: Pick<Seen, 'kind' | 'section' | 'account'>,
  place: Workplace,
  clients: (wanted: unknown) => Promise<MemberClients>,
): Promise<KindOutcome> {
  const { kind, account } = one;
  const recorded = { ...place.outputs };
  let state: KindOutcome['state'];
  try {
    const wanted = render(one, place, recorded);
    await kind.remove(wanted, contextFor(account, place, await clients(wanted), recorded));
    state = { is: 'removed', reason: 'Removed', message: 'What Orgkeeper made is gone.' };
  } catch (error) {
    state = { is: 'failed', error };
  }
  const gone = Object.entries(withoutTimes(recorded)).filter(
    ([output]) => place.outputs[output] === undefined,
  );
  const differences = gone.map(
    ([resource, actual]): Difference => ({ kind: kind.name, resource, path: '', actual, action: 'removed' }),
  );
  return { kind, differences, unowned: [], state };
}
