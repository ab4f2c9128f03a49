import type { Table } from '../shared/aws/main-clients.ts';
import { type BaselineDocument, formatBaseline } from '../shared/domain/baseline.ts';
import { currentBaseline, getBaseline } from '../shared/store/baselines.ts';
import { Failure } from './failure.ts';

/** A baseline as it was published; its newest version where none is named. @throws Failure when there is none */
export async function publishedBaseline(
  table: Table,
  { name, version }: { readonly name: string; readonly version?: number },
): Promise<BaselineDocument> {
  const newest = await currentBaseline(table, name);
  if (!newest)
    throw new Failure(`There is no baseline ${name}: \`orgkeeper baseline list\` shows those there are.`);
  if (!version || version === newest.version) return newest;
  const found = await getBaseline(table, name, version);
  if (found) return found;
  throw new Failure(
    `There is no ${formatBaseline({ name, version })}: ${formatBaseline(newest)} is the newest.`,
  );
}
