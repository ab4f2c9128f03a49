import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateAccountCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { type Administrator, readIds, readWorld } from './account-world.ts';
import { listen } from './demo/answers.ts';
import { type Expectation, expectations } from './demo/expectations.ts';
import { deployMember, doors, invitation } from './demo/invite.ts';
import { line, says, step } from './demo/screen.ts';
import { until } from './demo/wait.ts';
import { localClient } from './deploy.ts';
import { interruption } from './interruption.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { TAMPERINGS } from './tamperings/index.ts';
import { handIn } from './tamperings/tampering.ts';

/** An account outside of the organization. */
const INVITED = '567890123456';
/** The second region of the account. */
const SECOND_REGION = 'eu-central-1';
/** The tamperings that the demo shows; none hides another. */
const BESIDE = ['ec2 detach-internet-gateway', 'ec2 delete-vpc-endpoints'];
const SHOWN = TAMPERINGS.filter(({ account, command }) => account === 'edited' || BESIDE.includes(command));

/** `npm run demo`: shows Orgkeeper's main job on this machine. Exits 0 only if AWS confirms every step. */
const began = Date.now();
let runtime: Runtime | undefined;
try {
  await Promise.race([
    run(),
    interruption().then(() => {
      throw new Error('Interrupted.');
    }),
  ]);
  process.stdout.write(`\nAll of it held. ${Math.round((Date.now() - began) / 1000)} s.\n`);
} catch (error) {
  process.stdout.write(`\nNot all of it held: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  await runtime?.stop();
}
process.exit();

async function run(): Promise<void> {
  step(1, 'Orgkeeper is deployed into an emulated organization');
  runtime = await startRuntime({ port: 0, announce: false, say: line });
  const lost = runtime.lost.then((why) => {
    throw new Error(why);
  });
  await Promise.race([demo(runtime), lost]);
}

async function demo(at: Runtime): Promise<void> {
  const { main, management } = at.accounts;
  line(`Main is ${main}, the management account ${management}.`);
  const answers = await listen(at);

  step(2, 'An account is created in the organization; Orgkeeper does the rest');
  const accountId = await createAccount(at, 'genomics');
  line(`aws organizations create-account → ${accountId}`);
  await allHolds(at, accountId);
  await answers.hear(`AccountReady of ${accountId}`, ({ detailType, detail }) => {
    return detailType === 'AccountReady' && detail.accountId === accountId;
  });

  step(3, 'Somebody changes things by hand in that account');
  const hand = handIn(administrator(at), accountId, await readIds(administrator(at), accountId));
  for (const { command, tamper } of SHOWN) {
    await tamper(hand);
    line(`– somebody runs aws ${command}`);
  }
  const broken = (await seen(at, accountId)).filter(({ holds }) => !holds);
  says(broken);
  if (broken.length < 10) throw new Error('the tampering did not take');

  step(4, 'The sweep finds and corrects all of it');
  await ask(at, 'DriftSweepRequested', { reason: 'the night' });
  await allHolds(at, accountId);

  step(5, 'The account is registered with a second region');
  const regions = [at.region, SECOND_REGION];
  await ask(at, 'AccountRegistrationRequested', { accountId, name: 'genomics', regions });
  line(`In ${SECOND_REGION}:`);
  await allHolds(at, accountId, SECOND_REGION);
  line(`In ${at.region}, as before:`);
  await allHolds(at, accountId);

  step(6, 'An invited account is registered by an event');
  const invited = await invitation(at, INVITED, 'partner');
  line(`orgkeeper template member --account ${INVITED}: its owner deploys that with CloudFormation`);
  await deployMember(at, INVITED, invited.template);
  const { roleArn: executionRoleArn, externalId } = invited;
  const registration = { accountId: INVITED, name: 'partner', executionRoleArn, externalId };
  await ask(at, 'AccountRegistrationRequested', registration);
  await allHolds(at, INVITED);
  const knocks = await doors(at, invited);
  says(knocks);
  if (!knocks.every(({ holds }) => holds)) throw new Error('the ExternalId does not guard the role');

  step(7, 'An invalid request is refused, with a reason');
  await ask(at, 'AccountRegistrationRequested', { accountId: '12345678901', name: 'typo' });
  const refusal = await answers.hear('RequestRejected', ({ detailType }) => detailType === 'RequestRejected');
  line(`✔ on the bus: RequestRejected ${JSON.stringify(refusal.detail.problems)}`);
}

async function allHolds(at: Runtime, accountId: string, region = at.region): Promise<void> {
  const read = () => seen(at, accountId, region);
  says(await until('the desired state', read, (all) => all.every(({ holds }) => holds)));
}

/** What AWS returns about the account now, in that region. */
async function seen(at: Runtime, accountId: string, region = at.region): Promise<Expectation[]> {
  const there = administrator({ endpoint: at.endpoint, region });
  const [world, ids] = await Promise.all([readWorld(there, accountId), readIds(there, accountId)]);
  return expectations(world, ids, rolesOf(at, accountId));
}

function administrator({ endpoint, region }: Pick<Runtime, 'endpoint' | 'region'>): Administrator {
  return { as: (accountId) => localClient(endpoint, accountId, region) };
}

function rolesOf({ accounts: { main } }: Runtime, accountId: string) {
  return {
    accountId,
    runner: `arn:aws:iam::${main}:role/orgkeeper-WorkflowLoopRunnerRole`,
    api: `arn:aws:iam::${main}:role/orgkeeper-ApiHandlerRole`,
  };
}

async function createAccount(at: Runtime, name: string): Promise<string> {
  const organizations = new OrganizationsClient(
    localClient(at.endpoint, at.accounts.management, 'us-east-1'),
  );
  const command = new CreateAccountCommand({ AccountName: name, Email: `${name}@example.com` });
  const { CreateAccountStatus } = await organizations.send(command);
  if (!CreateAccountStatus?.AccountId) throw new Error('Organizations created no account.');
  return CreateAccountStatus.AccountId;
}

async function ask(at: Runtime, DetailType: string, detail: object): Promise<void> {
  const bus = new EventBridgeClient(localClient(at.endpoint, at.accounts.main, at.region));
  const Detail = JSON.stringify(detail);
  const entry = { EventBusName: 'orgkeeper', Source: 'orgkeeper.request', DetailType, Detail };
  const { FailedEntryCount } = await bus.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount) throw new Error(`PutEvents refused ${DetailType}.`);
  line(`aws events put-events ${DetailType} ${Detail}`);
}
