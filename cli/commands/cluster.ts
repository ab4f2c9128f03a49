import { Command } from 'commander';
import { busClient } from '../../shared/aws/bus.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { type ClusterView, clusterViews } from '../../shared/domain/clusters.ts';
import { cell } from '../../shared/domain/escape.ts';
import { obstacles } from '../../shared/domain/status.ts';
import { counted, time } from '../../shared/domain/words.ts';
import { wholeNumber } from '../arguments.ts';
import { callerArn } from '../caller.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { allRecords, findAccount, statusesOf } from '../fleet.ts';
import { failIfRejected, poll, startProgress } from '../follow.ts';
import { checkRequest, sendRequest } from '../send-request.ts';
import { printJson, printTable, say } from '../terminal.ts';

interface LaunchOptions {
  readonly name: string;
  readonly instanceType: string;
  readonly count: number;
  readonly release: string;
  readonly ttl: string;
  readonly idle?: string;
  readonly region?: string;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

interface ReleaseOptions {
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `cluster …`: EMR clusters in accounts, each for a time. */
export function clusterCommand(): Command {
  const command = new Command('cluster')
    .description('Launches, lists and releases EMR clusters in accounts.')
    .addHelpText('after', examples('orgkeeper cluster list'));
  command
    .command('launch')
    .description(
      'Puts a ClusterRequested event: a cluster is launched, and terminated when its time is over.',
    )
    .argument('<id>', 'account id, 12 digits')
    .requiredOption('--name <name>', 'name of the cluster in its account')
    .requiredOption('--instance-type <type>', 'type of its instances, one that the baseline allows')
    .requiredOption('--count <number>', 'number of its instances, the primary node included', wholeNumber)
    .requiredOption('--release <label>', 'release of EMR, such as emr-7.5.0')
    .requiredOption('--ttl <time>', 'how long it runs, from now on: 30m, 8h')
    .option('--idle <time>', 'EMR terminates it earlier, after so long without work')
    .option('--region <region>', "where; default: the account's home region")
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until it takes work; exit 1 if it ends before')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 1_800)
    .option('--json', 'print the cluster')
    .addHelpText(
      'after',
      examples(
        'orgkeeper cluster launch 456789012345 --name nightly --instance-type m5.xlarge --count 3 --release emr-7.5.0 --ttl 8h',
      ),
    )
    .action(launch);
  command
    .command('list')
    .description('Lists the clusters of an account, or of all; those that ended stay listed for a day.')
    .argument('[id]', 'account id; all accounts without it')
    .option('--json', 'print a list of clusters')
    .addHelpText('after', examples('orgkeeper cluster list', 'orgkeeper cluster list 456789012345 --json'))
    .action(list);
  command
    .command('release')
    .description('Puts a ClusterReleaseRequested event: the cluster is terminated before its time is over.')
    .argument('<id>', 'account id, 12 digits')
    .argument('<name>', 'name of the cluster')
    .option('--reason <text>', 'why, for the record')
    .option('--wait', 'follow until it has ended')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, 900)
    .option('--json', 'print the cluster')
    .addHelpText('after', examples('orgkeeper cluster release 456789012345 nightly --wait'))
    .action(release);
  return command;
}

async function launch(id: string, options: LaunchOptions): Promise<void> {
  const { wait, timeout, json, reason, ...asked } = options;
  const { table, config } = await connect();
  const { record } = await findAccount(table, id);
  const { accountId } = record;
  const requestedBy = await callerArn();
  const requester = nameIn(requestedBy);
  const detail = checkRequest('ClusterRequested', { accountId, ...asked, ...(requester && { requester }) });
  const said = { ...detail, ...(requestedBy && { requestedBy }) };
  const eventId = await sendRequest(busClient(config), 'ClusterRequested', said, reason);
  const { name } = asked;
  say(`Requested the cluster ${name} in account ${accountId} with event ${eventId}.`);
  const hint = `\`orgkeeper cluster list ${accountId}\` shows it within seconds, unless it is rejected.`;
  if (!wait) return json ? printJson({ accountId, name, eventId }) : say(hint);
  const cluster = await follow(table, { accountId, name, eventId, until: 'ready', seconds: timeout });
  if (json) printJson(cluster);
  say(`The cluster ${name} takes work until ${time(cluster.until)}: ${cluster.clusterId}.`);
}

async function list(id: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { table } = await connect();
  const clusters = id === undefined ? await allClusters(table) : await clustersOf(table, id);
  if (json) return printJson(clusters);
  if (clusters.length > 0) printTable(HEAD, clusters.map(row));
  const live = clusters.filter(({ state }) => state !== 'ended');
  say(`${counted(live.length, 'cluster')}, and ${clusters.length - live.length} that ended.`);
}

async function release(id: string, name: string, options: ReleaseOptions): Promise<void> {
  const { reason, wait, timeout, json } = options;
  const { table, config } = await connect();
  const { record } = await findAccount(table, id);
  const { accountId } = record;
  const detail = checkRequest('ClusterReleaseRequested', { accountId, name });
  const eventId = await sendRequest(busClient(config), 'ClusterReleaseRequested', detail, reason);
  say(`Requested the release of the cluster ${name} in account ${accountId} with event ${eventId}.`);
  if (!wait) return json ? printJson({ accountId, name, eventId }) : undefined;
  const cluster = await follow(table, { accountId, name, eventId, until: 'ended', seconds: timeout });
  if (json) printJson(cluster);
  say(`The cluster ${name} has ended.`);
}

const HEAD = ['ACCOUNT', 'CLUSTER', 'STATE', 'ID', 'INSTANCES', 'RELEASE', 'REGION', 'UNTIL', 'REASON'];

function row(cluster: ClusterView): string[] {
  const { accountId, name, state, clusterId = '–', count, instanceType, release, region, until } = cluster;
  const instances = `${count} ${instanceType}`;
  return [
    ...[accountId, name, state, clusterId, instances, release, region, time(until)],
    cell(cluster.reason ?? '–'),
  ];
}

async function clustersOf(table: Table, id: string): Promise<ClusterView[]> {
  const { record, status } = await findAccount(table, id);
  return clusterViews(record, status);
}

async function allClusters(table: Table): Promise<ClusterView[]> {
  const records = (await allRecords(table)).filter(({ clusters = [] }) => clusters.length > 0);
  const statuses = await statusesOf(
    table,
    records.map(({ accountId }) => accountId),
  );
  return records.flatMap((record) => clusterViews(record, statuses.get(record.accountId)));
}

/** A request of a cluster that is followed. */
export interface FollowedCluster {
  readonly accountId: string;
  readonly name: string;
  readonly eventId: string;
  readonly until: 'ready' | 'ended';
  readonly seconds: number;
}

/**
 * Follows a cluster until it takes work, or until it has ended.
 * @throws Failure if the request is rejected, if the cluster ends before it takes work, or after `seconds`
 */
export async function follow(table: Table, asked: FollowedCluster): Promise<ClusterView> {
  const { accountId, name, eventId, until, seconds } = asked;
  const progress = startProgress(`Waiting for the cluster ${name} …`);
  try {
    return await poll(
      async () => {
        await failIfRejected(table, eventId);
        const { record, status } = await findAccount(table, accountId);
        const cluster = clusterViews(record, status).find((one) => one.name === name);
        // A later request with this name may have taken its place.
        const isOurs = record.clusters?.some((one) => one.name === name && one.request === eventId);
        if (!cluster || (until === 'ready' && !isOurs)) return undefined;
        if (cluster.state === until) return cluster;
        if (cluster.state === 'ended') throw new Failure(endedEarly(cluster));
        const [obstacle] = obstacles((status?.conditions ?? []).filter(({ type }) => type === 'Clusters'));
        progress.update(
          `The cluster ${name} is ${cluster.state}${obstacle ? `: ${obstacle.reason}: ${obstacle.message}` : ''}`,
        );
        return undefined;
      },
      {
        seconds,
        every: 1_000,
        late: () =>
          `The cluster ${name} is not ${until} after ${seconds} s: \`orgkeeper cluster list ${accountId}\` shows its state, ` +
          `\`orgkeeper account ${accountId}\` what is in the way.`,
      },
    );
  } finally {
    progress.stop();
  }
}

function endedEarly({ name, reason, message }: ClusterView): string {
  return `The cluster ${name} ended before it took work: ${reason}${message ? `: ${message}` : ''}`;
}

/** Who calls, for the cost tag: the user, or the role and its session. Undefined if the ARN names neither. Pure. */
function nameIn(callerArn = ''): string | undefined {
  const name = /:(?:assumed-role|user|federated-user)\/(.+)$/.exec(callerArn)?.[1];
  return name?.slice(-128);
}
