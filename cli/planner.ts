import { randomUUID } from 'node:crypto';
import { busClient } from '../shared/aws/bus.ts';
import type { Table } from '../shared/aws/main-clients.ts';
import { tableClient } from '../shared/aws/table-client.ts';
import type { AccountRecord } from '../shared/domain/account.ts';
import type { PlanAnswer, PlanDocument } from '../shared/domain/plan.ts';
import { maskDifferences } from '../shared/domain/secrets.ts';
import { getPlanAnswer } from '../shared/store/plans.ts';
import { assumeApiRole } from './api-role.ts';
import { connect } from './client.ts';
import { failIfRejected, poll } from './follow.ts';
import type { AccountPlan } from './plan-report.ts';
import { sendRequest } from './send-request.ts';

/** How an account is planned. */
export interface PlanBy {
  /** The text of a baseline, instead of the account's own. */
  readonly document: string | undefined;
  readonly showSecrets: boolean;
}

/** Requests plans as the API role, whose answers are in the table. */
export interface Planner {
  readonly table: Table;
  /** Names the deployment: the Main account and its region. */
  readonly deployment: string;
  /** Plans one account. Without a plan, the result says why. @throws Failure if the request is rejected, or not answered in time */
  plan(record: AccountRecord, by: PlanBy): Promise<AccountPlan>;
}

/** A plan takes seconds; the function retries temporary errors for a minute. */
const WAIT_SECONDS = 150;

/** @throws Failure if the API role cannot be assumed */
export async function connectPlanner(): Promise<Planner> {
  const { config } = await connect();
  const { credentials } = await assumeApiRole(config, `plan-${randomUUID()}`);
  const table = tableClient(config, credentials);
  const bus = busClient(config, credentials);
  return {
    table,
    deployment: `${config.mainAccountId} ${config.region}`,
    async plan(record, { document, showSecrets }) {
      const { accountId, name } = record;
      const detail = { accountId, ...(document !== undefined && { document }) };
      const answer = await follow(table, await sendRequest(bus, 'PlanRequested', detail), accountId);
      if (answer.is === 'failed') return { accountId, name, failure: answer.message };
      const shown = showSecrets ? answer.document : withoutSecrets(answer.document, record);
      return { accountId, name, document: shown, foreign: answer.foreign };
    },
  };
}

/** Waits for the answer to a request. @throws Failure if it is rejected, or not answered in time */
function follow(table: Table, eventId: string, accountId: string): Promise<PlanAnswer> {
  return poll(
    async () => {
      await failIfRejected(table, eventId);
      return getPlanAnswer(table, eventId, new Date());
    },
    {
      seconds: WAIT_SECONDS,
      every: 500,
      late: () =>
        `There is no plan of account ${accountId} after ${WAIT_SECONDS} s: see the logs of intake and reconcile for ` +
        `event ${eventId}, and run \`orgkeeper doctor\`.`,
    },
  );
}

function withoutSecrets(document: PlanDocument, { externalId }: AccountRecord): PlanDocument {
  return { ...document, differences: maskDifferences(document.differences, externalId) };
}
