import { beforeEach, describe, expect, test } from '@jest/globals';
import { publishBaseline } from '../../shared/store/baselines.ts';
import { putRejection } from '../../shared/store/rejections.ts';
import { aRejected } from '../kit/factories.ts';
import { type Arrived, CALLER, keep, leave, orgkeeper, pass, record, status, useWorld } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const C = '333333333333';

const world = useWorld();

const publish = (name: string) =>
  publishBaseline(world.table, { name, description: '', sections: {}, text: 'x', publishedAt: '' });

/** Runs a command while somebody answers the request that it puts on the bus. */
async function answered(argv: string[], answer: (request: Arrived) => Promise<void>) {
  const running = orgkeeper(...argv);
  const request = await world.nextRequest(10);
  if (request) await answer(request);
  return { ...(await running), request };
}

const causedBy = ({ id }: Arrived) => ({
  source: 'orgkeeper.request',
  detailType: 'DriftSweepRequested',
  id,
});

describe('sweep', () => {
  beforeEach(async () => {
    await keep(world.table, record(A));
    await keep(world.table, record(B, { baseline: { name: 'small', version: 1 } }));
    await keep(world.table, record(C, { lifecycle: 'unmanaged' }));
    await leave(world.table, status(A));
  });

  test('puts one event with the named accounts', async () => {
    const { code } = await orgkeeper('sweep', A, A, '--reason', 'after the incident');
    expect(code).toBe(0);
    expect(await world.nextRequest()).toMatchObject({
      source: 'orgkeeper.request',
      'detail-type': 'DriftSweepRequested',
      detail: { accountIds: [A], reason: 'after the incident' },
    });
  });

  test('of a baseline, or of everything, leaves the choice of accounts to the sweep', async () => {
    await publish('small');
    const { stderr } = await orgkeeper('sweep', '--baseline', 'small');
    expect((await world.nextRequest())?.detail).toEqual({ baseline: 'small', requestedBy: CALLER });
    expect(stderr).toMatch(/^Requested 1 run with event/);
    const { stdout } = await orgkeeper('sweep', '--json');
    const request = await world.nextRequest();
    expect(request?.detail).toEqual({ requestedBy: CALLER });
    expect(JSON.parse(stdout)).toEqual({ eventId: request?.id });
  });

  test('of a baseline that was never published is refused before an event is put', async () => {
    expect(await orgkeeper('sweep', '--baseline', 'smal')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'orgkeeper: There is no baseline smal: `orgkeeper baseline list` lists all baselines.\n',
    });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('of a baseline without accounts says so', async () => {
    await publish('empty');
    const { code, stdout, stderr } = await orgkeeper('sweep', '--baseline', 'empty', '--wait');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^No account is managed by baseline empty: event [0-9a-f-]+ causes no run\.\n$/);
    await world.nextRequest();
  });

  test('waits for the run of every account that is managed, and for no other', async () => {
    const { code, stdout, stderr } = await answered(['sweep', '--wait'], async (request) => {
      const corrected = pass({
        result: 'corrected',
        cause: causedBy(request),
        calls: { reads: 15, writes: 2 },
      });
      await leave(world.table, status(A, { lastPass: corrected }));
      await leave(world.table, status(B, { lastPass: pass({ id: 'pass-2', cause: causedBy(request) }) }));
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`${A} +genomics +corrected +0 +2\n${B} +genomics +unchanged +0 +0`));
    expect(stderr).toMatch(/2 runs are finished: 1 corrected, 1 unchanged\./);
  });

  test('ignores older runs than the requested one, and names the account whose run is missing', async () => {
    const { code, stdout, stderr } = await orgkeeper('sweep', A, '--wait', '--timeout', '2');
    await world.nextRequest();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/1 of 1 run not finished after 2 s, such as that of account 111111111111/);
  });

  test('accepts a run that started well after the request, since the requested run is dropped for it', async () => {
    const { code } = await answered(['sweep', A, '--wait', '--timeout', '5'], async () => {
      const later = pass({ startedAt: new Date(Date.now() + 6_000).toISOString() });
      await leave(world.table, status(A, { lastPass: later }));
    });
    expect(code).toBe(0);
  });

  test('exits 1 if a run failed, and prints it anyway', async () => {
    const { code, stdout, stderr, request } = await answered(
      ['sweep', A, '--wait', '--json'],
      async (sent) => {
        await leave(world.table, status(A, { lastPass: pass({ result: 'failed', cause: causedBy(sent) }) }));
      },
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      eventId: request?.id,
      accounts: [{ accountId: A, name: 'genomics', pass: { result: 'failed' } }],
    });
    expect(stderr).toMatch(/1 of 1 run failed: `orgkeeper account 111111111111` says why\.\n$/);
  });

  test.each([
    ['an account that is not kept', C, /is unmanaged/],
    ['an unknown account', '444444444444', /does not know account/],
    ['no account id', 'all', /'all' is not an account id/],
  ])('of %s is refused before an event is put', async (_, id, sentence) => {
    const { code, stderr } = await orgkeeper('sweep', id);
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(await world.nextRequest(1)).toBeUndefined();
  });
});

describe('register', () => {
  test('puts an event with all options', async () => {
    const role = `arn:aws:iam::${A}:role/orgkeeper-analysis`;
    const { code } = await orgkeeper(
      ...['register', A, '--name', 'genomics', '--email', 'g@example.com', '--baseline', 'analytics@3'],
      ...['--mode', 'observe', '--execution-role-arn', role, '--external-id', 'secret=1'],
      ...['--vpc-id', 'vpc-0123456789abcdef0', '--subnet-id', 'subnet-0123456789abcdef0'],
      ...['--region', 'eu-west-1', '--value', 'cidr=10.0.0.0/16', '--value', 'a=b=c', '--tag', 'team=x'],
    );
    expect(code).toBe(0);
    expect(await world.nextRequest()).toMatchObject({
      'detail-type': 'AccountRegistrationRequested',
      detail: {
        accountId: A,
        name: 'genomics',
        email: 'g@example.com',
        baseline: 'analytics@3',
        mode: 'observe',
        executionRoleArn: role,
        externalId: 'secret=1',
        network: { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] },
        regions: ['eu-west-1'],
        values: { cidr: '10.0.0.0/16', a: 'b=c' },
        tags: { team: 'x' },
      },
    });
  });

  test('that is invalid is refused with every problem by path, and nothing is sent', async () => {
    const { code, stderr } = await orgkeeper(
      'register',
      '123',
      '--name',
      'x',
      '--email',
      'y',
      '--subnet-id',
      'z',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /detail\.accountId: .*detail\.email: .*detail\.network\.vpcId: .*detail\.network\.subnetIds\[0\]: /,
    );
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test.each([
    ['aws:iam::111111111111:role/Admin', /executionRoleArn: .* must match executionRolePattern orgkeeper-\*/],
    ['aws-cn:iam::111111111111:role/orgkeeper-a', /executionRoleArn: the role must be in the partition aws/],
    [
      'aws:iam::222222222222:role/Admin',
      /would be rejected: detail\.executionRoleArn: .*in the account that is registered; detail\.executionRoleArn: .*must match/,
    ],
  ])('with a role that Main could never assume is refused, and nothing is sent: %s', async (role, said) => {
    const { code, stderr } = await orgkeeper(
      ...['register', A, '--name', 'x', '--execution-role-arn', `arn:${role}`],
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(said) });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('with an access role that Orgkeeper cannot assume is refused, and nothing is sent', async () => {
    const { code, stderr } = await orgkeeper('register', A, '--name', 'x', '--access-role-name', 'SomeAdmin');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /would be rejected: detail\.accessRoleName: must be one of accessRoleNames \(OrganizationAccountAccessRole\)/,
      ),
    });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('that is too large is refused in plain words', async () => {
    const values = Array.from({ length: 300 }, (_, i) => ['--value', `k${i}=${'v'.repeat(1000)}`]).flat();
    const { code, stderr } = await orgkeeper('register', A, '--name', 'x', ...values);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'orgkeeper: The request would be rejected: detail: has 296 KB, but a request may have at most 256 KB.\n',
    });
  });

  test('follows a new account until it is ready', async () => {
    const { code, stderr } = await answered(
      ['register', A, '--name', 'genomics', '--wait'],
      async ({ id }) => {
        await keep(world.table, record(A, { changedBy: id }));
        await leave(world.table, status(A, { ready: false, lastPass: pass({ result: 'waiting' }) }));
        await leave(world.table, status(A));
      },
    );
    expect(stderr).toMatch(/Account 111111111111 is ready\.\n$/);
    expect(code).toBe(0);
  });

  test('does not mistake an earlier readiness for that of this request', async () => {
    await keep(world.table, record(A));
    await leave(world.table, status(A));
    const argv = ['register', A, '--name', 'new name', '--wait', '--timeout', '3'];
    const { code, stderr } = await answered(argv, async ({ id }) => {
      const { saveRecord } = await import('../../shared/store/accounts.ts');
      await saveRecord(world.table, record(A, { name: 'new name', generation: 2, changedBy: id }), record(A));
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Account 111111111111 is not ready after 3 s/);
  });

  test('that changes nothing ends immediately', async () => {
    await publish('analytics');
    await keep(world.table, record(A, { baseline: { name: 'analytics', version: 1 }, values: { a: 'b' } }));
    await leave(world.table, status(A));
    const argv = ['register', A, '--name', 'genomics', '--baseline', 'analytics', '--value', 'a=b', '--wait'];
    expect((await orgkeeper(...argv)).code).toBe(0);
    await world.nextRequest();
  });

  test('says where to look if nothing follows', async () => {
    const { code, stderr } = await orgkeeper('register', A, '--name', 'x', '--wait', '--timeout', '1');
    const request = await world.nextRequest();
    expect(code).toBe(1);
    expect(stderr).toContain(`Intake has not processed event ${request?.id} within`);
  });

  test('ends at once with every problem when the request is rejected', async () => {
    const { code, stderr } = await answered(['register', A, '--name', 'genomics', '--wait'], ({ id }) =>
      putRejection(world.table, aRejected(id), {
        reason: 'UnknownBaseline',
        message: 'baseline nope was never published.',
        problems: [{ path: 'detail.baseline', message: 'baseline nope was never published' }],
      }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('The request was rejected: UnknownBaseline: baseline nope was never published.');
    expect(stderr).toContain('detail.baseline: baseline nope was never published');
  });

  test('ends with the reason when the first run fails', async () => {
    const { code, stderr } = await answered(
      ['register', A, '--name', 'genomics', '--wait'],
      async ({ id }) => {
        await keep(world.table, record(A, { changedBy: id }));
        const denied = {
          type: 'Access',
          status: 'False',
          reason: 'ExternalIdDiffers',
          message: 'Correct it.',
          changedAt: '',
        } as const;
        await leave(
          world.table,
          status(A, { ready: false, conditions: [denied], lastPass: pass({ result: 'failed' }) }),
        );
      },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/Account 111111111111 failed: Access ExternalIdDiffers: Correct it\.\n$/);
  });

  const condition = (type: string, state: 'True' | 'False' | 'Unknown', reason: string) => ({
    type,
    status: state,
    reason,
    message: `${reason} it is.`,
    changedAt: '',
  });

  test('says what it waits for when that changes, once each', async () => {
    const argv = ['register', A, '--name', 'genomics', '--wait', '--timeout', '4'];
    const { stderr } = await answered(argv, async ({ id }) => {
      await keep(world.table, record(A, { changedBy: id }));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const conditions = [
        condition('Network', 'Unknown', 'NotLookedAt'),
        condition('Access', 'Unknown', 'Settling'),
      ];
      const lastPass = pass({ result: 'waiting' });
      await leave(world.table, status(A, { ready: false, conditions, lastPass }));
    });
    expect(stderr.split('\n').slice(1)).toEqual([
      'Waiting for intake to register account 111111111111 …',
      'Account 111111111111 is registered; waiting for its first run …',
      'Account 111111111111 is pending: its run is not finished',
      expect.stringMatching(/^Account 111111111111 is \w+: Access Settling: Settling it is\.$/),
      'orgkeeper: Account 111111111111 is not ready after 4 s:',
      '  Access Settling: Settling it is.',
      '  Network NotLookedAt: NotLookedAt it is.',
      '',
    ]);
  });

  test('that ends not ready lists everything that is wrong, access first', async () => {
    const { code, stderr } = await answered(['register', A, '--name', 'x', '--wait'], async ({ id }) => {
      await keep(world.table, record(A, { name: 'x', changedBy: id }));
      const conditions = [
        condition('Parameters', 'Unknown', 'NotLookedAt'),
        condition('ExecutionRole', 'False', 'TrustMissing'),
        condition('Network', 'True', 'InDesiredState'),
        condition('Access', 'False', 'OpenWithoutExternalId'),
      ];
      const lastPass = pass({ result: 'drifted' });
      await leave(world.table, status(A, { ready: false, conditions, lastPass }));
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /is active and not ready:\n {2}Access Open.*\n {2}ExecutionRole TrustM.*\n {2}Parameters Not.*\n$/,
    );
  });
});
