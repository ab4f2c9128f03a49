import type { Envelope } from '../../shared/domain/envelope.ts';
import { REQUEST_SOURCE } from '../../shared/domain/event-sources.ts';
import { whyNoPlan } from '../../shared/domain/plan.ts';
import { OF_MAIN_ALONE, type PlanRequest, parseRequest } from '../../shared/domain/requests.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { putPlanText } from '../../shared/store/plans.ts';
import {
  type FleetDeps,
  type Outcome,
  type Rejected,
  refusal,
  rejected,
  rejectedFor,
} from '../fleet/outcome.ts';
import type { Incoming } from './event.ts';

/** What follows from an event is loaded with the first such event: an onboarding waits for no code of clusters. */
const load = {
  clear: () => import('../fleet/clear-regions.ts'),
  clusters: () => import('../fleet/clusters.ts'),
  create: () => import('../fleet/create.ts'),
  exceptions: () => import('../fleet/exceptions.ts'),
  organization: () => import('./organization-event.ts'),
  register: () => import('../fleet/register.ts'),
  retire: () => import('../fleet/retire.ts'),
  review: () => import('../fleet/review-fleet.ts'),
  sweep: () => import('../fleet/sweep-fleet.ts'),
};

/** Handles one event: checks the sender, parses the request, and runs the command. Sends nothing yet. */
export async function follow(envelope: Envelope, incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const { config } = deps;
  switch (envelope.source) {
    case 'aws.organizations':
    case 'aws.controltower':
      if (envelope.account !== config.managementAccountId) return foreignSender(envelope);
      return (await load.organization()).organizationEvent(incoming, deps);
    case REQUEST_SOURCE:
      if (envelope.account !== config.mainAccountId && !config.requesters.includes(envelope.account ?? '')) {
        return foreignSender(envelope);
      }
      return followRequest(envelope, incoming, deps);
    default:
      return rejected('UnknownSource', `Events of source ${envelope.source} are not handled.`, [
        { path: 'source', message: 'unknown' },
      ]);
  }
}

async function followRequest(envelope: Envelope, incoming: Incoming, deps: FleetDeps): Promise<Outcome> {
  const detailType = envelope['detail-type'];
  const parsed = parseRequest(detailType, envelope.detail);
  if ('problems' in parsed) {
    const { problems } = parsed;
    const [first] = problems;
    const message = `${detailType} is not valid: ${first?.path}: ${first?.message}.`;
    return rejected('InvalidRequest', message, problems);
  }
  const { type, detail } = parsed.request;
  if (OF_MAIN_ALONE.has(type) && envelope.account !== deps.config.mainAccountId)
    return foreignSender(envelope);
  switch (type) {
    case 'AccountRegistrationRequested':
      return (await load.register()).register(
        detail,
        await deps.organization.describe(detail.accountId),
        incoming,
        deps,
      );
    case 'AccountCreationRequested':
      return (await load.create()).create(detail, incoming, deps);
    case 'DriftSweepRequested':
      return (await load.sweep()).requestSweep(detail, incoming, deps);
    case 'AccountRetirementRequested': {
      const { accountId, regions } = detail;
      return regions
        ? (await load.clear()).requestClearing({ accountId, regions }, incoming, deps)
        : (await load.retire()).retire(detail, incoming, deps);
    }
    case 'AccessReviewRequested':
      return (await load.review()).requestReviews(detail, incoming, deps);
    case 'PlanRequested':
      return requestPlan(detail, incoming, deps);
    case 'ClusterRequested':
      return (await load.clusters()).requestCluster(
        { ...detail, requester: detail.requester ?? incoming.account },
        incoming,
        deps,
      );
    case 'ClusterReleaseRequested':
      return (await load.clusters()).releaseCluster(detail, incoming, deps);
    case 'ExceptionRequested':
      return (await load.exceptions()).requestException(detail, incoming, deps);
    case 'ExceptionEndRequested':
      return (await load.exceptions()).endException(detail, incoming, deps);
  }
}

function foreignSender({ account, source }: Envelope): Rejected {
  const message = account ? `account ${account} may not send events of source ${source}` : 'is missing';
  return rejected('SenderNotAllowed', `The event was rejected: ${message}.`, [{ path: 'account', message }]);
}

/**
 * Sends the work message for a plan; changes no record. The text of a baseline file is stored for an hour, for this plan only.
 */
async function requestPlan(
  { accountId, document }: PlanRequest,
  { cause, time: requestedAt }: Incoming,
  { main: { table } }: FleetDeps,
): Promise<Outcome> {
  const plan = document === undefined ? 'assigned' : 'file';
  const record = await getRecord(table, accountId);
  const why = record ? whyNoPlan(record, plan) : `Account ${accountId} was never registered.`;
  const refused = why === undefined ? undefined : refusal('UnknownAccount', 'detail.accountId', why, why);
  const rejected = rejectedFor([refused]);
  if (rejected) return rejected;
  if (document !== undefined) await putPlanText(table, cause.id, document, new Date(requestedAt));
  return { did: 'accepted', announce: [], work: [{ accountId, cause, requestedAt, plan }] };
}
