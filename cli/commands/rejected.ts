import { Command } from 'commander';
import { cell } from '../../shared/domain/escape.ts';
import { time } from '../../shared/domain/words.ts';
import { type RecordedRejection, rejectionCursor, rejectionPages } from '../../shared/store/rejections.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { type LatestOptions, sayMore, takeLatest, withLatestOptions } from '../latest.ts';
import { print, printJson, say } from '../terminal.ts';

/** `rejected`: the requests that were refused. */
export function rejectedCommand(): Command {
  const command = new Command('rejected').description(
    'Lists the requests that were rejected in the last 30 days, newest first, and why.',
  );
  return withLatestOptions(command, 'requests', 20)
    .option('--json', 'print a list of { rejectedAt, reason, message, problems, cause, sentBy, accountId }')
    .addHelpText('after', examples('orgkeeper rejected --since 24h', 'orgkeeper rejected --json'))
    .action(list);
}

async function list({ json, limit, ...span }: LatestOptions & { readonly json?: boolean }): Promise<void> {
  const { table } = await connect();
  const { items, isMore } = await takeLatest(rejectionPages(table, span, limit + 1), limit);
  if (json) printJson(items.map(shown));
  else if (items.length === 0) say('No request was rejected in this time.');
  else items.forEach(printRejection);
  const last = items.at(-1);
  sayMore(isMore, last && rejectionCursor(last));
}

function printRejection(rejection: RecordedRejection): void {
  const { rejectedAt, reason, message, cause, sentBy = '–', accountId } = rejection;
  const about = accountId === undefined ? '' : `  account ${accountId}`;
  print(cell(`${time(rejectedAt)}  ${reason}  ${cause?.detailType} ${cause?.id}  sent by ${sentBy}${about}`));
  print(`  ${cell(message)}`);
}

/** The public document of a rejected request. */
function shown(rejection: RecordedRejection): object {
  const { rejectedAt, reason, message, problems, cause, sentBy, accountId } = rejection;
  return { rejectedAt, reason, message, problems, cause, sentBy, accountId };
}
