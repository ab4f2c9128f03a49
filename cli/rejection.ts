import type { Table } from '../shared/aws/main-clients.ts';
import { getRejection } from '../shared/store/rejections.ts';
import { Failure } from './failure.ts';

/** @throws Failure with every problem, by path, when intake rejected the request that was sent as this event */
export async function failIfRejected(table: Table, eventId: string): Promise<void> {
  const rejection = await getRejection(table, eventId);
  if (!rejection) return;
  const problems = rejection.problems.map(({ path, message }) => `\n  ${path ? `${path}: ` : ''}${message}`);
  throw new Failure(
    `The request was rejected: ${rejection.reason}: ${rejection.message}${problems.join('')}`,
  );
}
