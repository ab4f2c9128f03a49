import { Command, InvalidArgumentError } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { cell } from '../../shared/domain/escape.ts';
import {
  type Exception,
  type ExceptionView,
  endProblem,
  exceptionViews,
  holds,
} from '../../shared/domain/exceptions.ts';
import { saw } from '../../shared/domain/status.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { getBaseline } from '../../shared/store/baselines.ts';
import { endOf, wholeNumber } from '../arguments.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { allRecords, findAccount, statusesOf } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { printJson, printTable, say } from '../terminal.ts';

interface WaitOptions {
  readonly wait?: boolean;
  readonly timeout: number;
}

interface ExceptOptions extends WaitOptions {
  readonly path: string;
  readonly until: string;
  readonly because: string;
  readonly iKnow?: boolean;
}

interface EndOptions extends WaitOptions {
  readonly path: string;
  readonly reason?: string;
}

/** `except ID --path …`: a difference is left as it is until a date. */
export function exceptCommand(): Command {
  return waiting(new Command('except'))
    .description(
      'Puts an ExceptionRequested event: a difference is reported and not corrected until a date. The same path again replaces it.',
    )
    .argument('<id>', 'account id, 12 digits')
    .requiredOption('--path <path>', 'kind:resource.field, where * is any text: network:subnet.public.*')
    .requiredOption(
      '--until <date>',
      'the last day (UTC), or the time at which it ends; at most a year ahead',
      exceptionEnd,
    )
    .requiredOption('--because <text>', 'why, for the record', because)
    .option('--i-know', 'also what may let somebody in: trust, policies, grants')
    .addHelpText(
      'after',
      examples(
        "orgkeeper except 456789012345 --path network:subnet.public.mapPublicIpOnLaunch --until 2027-01-31 --because 'the vendor migrates'",
      ),
    )
    .action(except);
}

/** `exceptions …`: lists exceptions, and ends one. */
export function exceptionsCommand(): Command {
  const command = new Command('exceptions')
    .description('Lists the exceptions of an account, or of all; those that ended stay listed for a day.')
    .argument('[id]', 'account id; all accounts without it')
    .option('--json', 'print a list of exceptions')
    .addHelpText('after', examples('orgkeeper exceptions', 'orgkeeper exceptions 456789012345 --json'))
    .action(list);
  waiting(command.command('end'))
    .description('Puts an ExceptionEndRequested event: what the exception covered is corrected again.')
    .argument('<id>', 'account id, 12 digits')
    .requiredOption('--path <path>', 'the path of the exception, as `exceptions` shows it')
    .option('--reason <text>', 'why, for the record')
    .addHelpText(
      'after',
      examples('orgkeeper exceptions end 456789012345 --path network:subnet.public.mapPublicIpOnLaunch'),
    )
    .action(end);
  return command;
}

function waiting(command: Command): Command {
  return command
    .option('--wait', 'follow until a run has seen it')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 300);
}

async function except(id: string, options: ExceptOptions): Promise<void> {
  const { path, until, because: why, iKnow = false, wait, timeout } = options;
  const { table, config } = await connect();
  const { record, status } = await managedAccount(table, id);
  const { accountId, baseline } = record;
  const asked = checkRequest('ExceptionRequested', {
    ...{ accountId, path, until, because: why },
    ...(iKnow && { iKnow }),
  });
  const document = baseline && (await getBaseline(table, baseline.name, baseline.version));
  if (document) {
    const { pathProblem } = await import('../exceptable.ts');
    const problem = pathProblem(path, iKnow, { record, status, baseline: document, config });
    if (problem !== undefined) throw new Failure(problem);
  }
  const eventId = await sendRequest(busClient(config), 'ExceptionRequested', asked, why);
  say(`Requested the exception ${path} in account ${accountId} until ${time(until)} with event ${eventId}.`);
  if (!wait)
    return say(`\`orgkeeper exceptions ${accountId}\` shows it within seconds, unless it is rejected.`);
  await follow(table, { accountId, eventId, seconds: timeout, isDone: ({ request }) => request === eventId });
  say(`Account ${accountId}: ${path} is reported and not corrected until ${time(until)}.`);
}

async function end(id: string, { path, reason, wait, timeout }: EndOptions): Promise<void> {
  const { table, config } = await connect();
  const { record } = await managedAccount(table, id);
  const { accountId, exceptions = [] } = record;
  if (!exceptions.some((one) => one.path === path && holds(one, new Date())))
    throw new Failure(
      `Account ${accountId} has no exception ${path}: \`orgkeeper exceptions ${accountId}\` shows those that it has.`,
    );
  const eventId = await sendRequest(busClient(config), 'ExceptionEndRequested', { accountId, path }, reason);
  say(`Requested the end of the exception ${path} in account ${accountId} with event ${eventId}.`);
  if (!wait) return say('The run that follows corrects what it covered.');
  const isDone = (one: Exception) => one.path === path && one.endedAt !== undefined;
  await follow(table, { accountId, eventId, seconds: timeout, isDone });
  say(`Account ${accountId}: ${path} is corrected again.`);
}

/** @throws Failure if the account is not known, or not managed */
async function managedAccount(table: Table, id: string) {
  const found = await findAccount(table, id);
  const { accountId, lifecycle } = found.record;
  if (lifecycle === 'managed') return found;
  throw new Failure(
    `Account ${accountId} is ${lifecycle}, and only a managed account has exceptions: register it.`,
  );
}

async function list(id: string | undefined, { json }: { readonly json?: boolean }): Promise<void> {
  const { table } = await connect();
  const exceptions = id === undefined ? await allExceptions(table) : await exceptionsOf(table, id);
  if (json) return printJson(exceptions);
  if (exceptions.length > 0) printTable(HEAD, exceptions.map(row));
  const live = exceptions.filter(({ state }) => state === 'live');
  say(`${counted(live.length, 'exception')}, and ${exceptions.length - live.length} that ended.`);
}

const HEAD = ['ACCOUNT', 'PATH', 'STATE', 'UNTIL', 'LEAVES', 'BY', 'BECAUSE'];

function row(one: ExceptionView): string[] {
  const { accountId, path, state, until, leaves, requestedBy = '–', because: why } = one;
  const left = state === 'live' ? counted(leaves.length, 'difference') : '–';
  return [accountId, cell(path), state, time(until), left, cell(requestedBy), cell(why)];
}

async function exceptionsOf(table: Table, id: string): Promise<ExceptionView[]> {
  const { record, status } = await findAccount(table, id);
  return exceptionViews(record, status, new Date());
}

async function allExceptions(table: Table): Promise<ExceptionView[]> {
  const records = (await allRecords(table)).filter(({ exceptions = [] }) => exceptions.length > 0);
  const statuses = await statusesOf(
    table,
    records.map(({ accountId }) => accountId),
  );
  return records.flatMap((record) => exceptionViews(record, statuses.get(record.accountId), new Date()));
}

/** A request that is followed until a run has seen what it changed. */
interface Followed {
  readonly accountId: string;
  readonly eventId: string;
  readonly seconds: number;
  readonly isDone: (exception: Exception) => boolean;
}

/** @throws Failure if the request is rejected, or no run has seen it after `seconds` */
async function follow(table: Table, { accountId, eventId, seconds, isDone }: Followed): Promise<void> {
  const progress = startProgress(`Waiting for a run of account ${accountId} …`);
  try {
    await poll(
      async () => {
        await failIfRejected(table, eventId);
        const { record, status } = await findAccount(table, accountId);
        const isSaved = record.exceptions?.some(isDone);
        return isSaved && saw(status, record) ? true : undefined;
      },
      {
        seconds,
        every: 1_000,
        late: () =>
          `No run of account ${accountId} has seen the request after ${seconds} s: \`orgkeeper account ${accountId}\` shows its last run.`,
      },
    );
  } finally {
    progress.stop();
  }
}

/** Limited as in a request. */
function because(text: string): string {
  if (text.trim().length > 0 && text.length <= 256) return text;
  throw new InvalidArgumentError('It must say why, in 1 to 256 characters.');
}

/** Parser of the last day of an exception, or of the time at which it ends; an ISO time. */
function exceptionEnd(text: string): string {
  const now = new Date();
  const until = endOf(text, now);
  const problem = endProblem(until, now);
  if (problem !== undefined) throw new InvalidArgumentError(`It ${problem}.`);
  return until;
}
