import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Endpoint, isOutage, type Outages, rememberOutages } from '../../shared/aws/outages.ts';
import { Conflict, ServiceFault } from '../../shared/domain/errors.ts';

const AT: Endpoint = { service: 'ec2', region: 'eu-central-1' };
const ACCOUNTS = ['456789012345', '567890123456', '678901234567', '789012345678', '890123456789'];
const [ONE = '', OTHER = '', THIRD = '', FOURTH = ''] = ACCOUNTS;

let time: number;
let outages: Outages;
/** Attempts that were sent, by account. */
let sent: string[];
beforeEach(() => {
  time = Date.parse('2026-11-20T10:00:00.000Z');
  outages = rememberOutages(() => time);
  sent = [];
});

const failure = (name: string, status?: number) =>
  Object.assign(new Error(`AWS says ${name}`), { name, $metadata: { httpStatusCode: status } });
const silence = () => failure('TimeoutError');

/** An attempt that ends after so many milliseconds, with this error or with an answer. */
function attempt(accountId: string, milliseconds: number, error?: Error, at = AT): Promise<string> {
  return outages.attempt(at, accountId, async () => {
    sent.push(accountId);
    time += milliseconds;
    if (error) throw error;
    return 'answered';
  });
}

/** So many attempts that are not answered, of these accounts in turn. */
async function attempts(
  count: number,
  accounts: readonly string[],
  meanwhile: () => Promise<unknown> = async () => undefined,
) {
  for (let n = 0; n < count; n += 1) {
    await attempt(accounts[n % accounts.length] ?? '', 1_000, silence()).catch(() => undefined);
    await meanwhile();
  }
}

const isRefused = async (accountId: string, at = AT) => {
  const before = sent.length;
  const error = await attempt(accountId, 0, undefined, at).catch((thrown: unknown) => thrown);
  return isOutage(error) && sent.length === before;
};

/** The endpoint answers nobody for ten seconds. */
const goDown = () => attempts(10, ACCOUNTS);

describe('an endpoint that answers no account for ten seconds', () => {
  it('is down: for 30 s nobody calls it, and each call says where, since when and until when', async () => {
    await goDown();
    const error = await attempt(ONE, 0).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceFault);
    expect(error).toMatchObject({
      reason: 'Unreachable',
      message: expect.stringContaining(
        'ec2 in eu-central-1 has failed since 2026-11-20T10:00:00.000Z, for several accounts, and the next is sent after 2026-11-20T10:00:40.000Z',
      ),
    });
    time += 29_999;
    expect(await isRefused(ONE)).toBe(true);
    time += 1;
    expect(await isRefused(ONE)).toBe(false);
  });

  it('is down if AWS answers that it is out of order', async () => {
    for (let n = 0; n < 10; n += 1)
      await attempt(ACCOUNTS[n % 5] ?? '', 1_000, failure('InternalError', 500)).catch(() => undefined);
    expect(await isRefused(ONE)).toBe(true);
  });

  it('is not another one: the service in another region, and another service in this one, are called', async () => {
    await goDown();
    expect(await isRefused(ONE, { service: 'ec2', region: 'eu-west-1' })).toBe(false);
    expect(await isRefused(ONE, { service: 'ssm', region: 'eu-central-1' })).toBe(false);
    expect(await isRefused(ONE, { service: 'iam' })).toBe(false);
  });
});

describe('an endpoint is called as before', () => {
  it('if it answers no call of two accounts, whatever the number of their attempts', async () => {
    await attempts(100, [ONE, OTHER]);
    expect(await isRefused(THIRD)).toBe(false);
  });

  it('if it answers others meanwhile', async () => {
    await attempts(100, [ONE, OTHER, THIRD], () => attempt(FOURTH, 0));
    expect(await isRefused(ONE)).toBe(false);
  });

  it.each([
    ['denies', failure('UnauthorizedOperation', 403)],
    ['is not enabled', failure('OptInRequired', 401)],
    ['does not know the credentials, as in a region that is not enabled', failure('AuthFailure', 401)],
    ['throttles', failure('RequestLimitExceeded', 503)],
  ])('if meanwhile it %s', async (_, error) => {
    await attempts(100, ACCOUNTS, () => attempt(FOURTH, 0, error).catch(() => undefined));
    expect(await isRefused(ONE)).toBe(false);
  });

  it('if all connections break at the same moment', async () => {
    const broken = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    for (let n = 0; n < 100; n += 1) await attempt(ACCOUNTS[n % 5] ?? '', 0, broken).catch(() => undefined);
    expect(await isRefused(ONE)).toBe(false);
  });

  it('if what failed is more than a minute ago, as in an environment that was frozen', async () => {
    await attempts(9, ACCOUNTS);
    time += 60_001;
    await attempt(ONE, 3_000, silence()).catch(() => undefined);
    expect(await isRefused(ONE)).toBe(false);
  });

  it('if nothing was sent, since a gate of ours refused it', async () => {
    const silent = new ServiceFault('The unit has had its time.', { reason: 'RegionSilent' });
    for (let n = 0; n < 100; n += 1)
      await attempt(ACCOUNTS[n % 5] ?? '', 1_000, silent).catch(() => undefined);
    expect(await isRefused(ONE)).toBe(false);
  });
});

describe('once the pause of an outage is over', () => {
  /** An attempt whose end the test decides. */
  function begin(accountId: string) {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const result = outages.attempt(AT, accountId, () => {
      sent.push(accountId);
      return promise;
    });
    // Those that are refused are looked at later.
    result.catch(() => undefined);
    return { result, answer: () => resolve('answered'), fail: () => reject(silence()) };
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  beforeEach(async () => {
    await goDown();
    time += 30_000;
    sent = [];
  });

  it('three accounts send one attempt each, the others wait, and the first answer lets all of them through', async () => {
    const [one, second, , , fourth, fifth] = [ONE, ONE, OTHER, THIRD, FOURTH, FOURTH].map(begin);
    await settle();
    expect(sent).toEqual([ONE, OTHER, THIRD]);
    one?.answer();
    await settle();
    expect(sent).toEqual([ONE, OTHER, THIRD, ONE, FOURTH, FOURTH]);
    for (const waiting of [second, fourth, fifth]) waiting?.answer();
    expect(await Promise.all([one, second, fourth, fifth].map((each) => each?.result))).toEqual(
      Array(4).fill('answered'),
    );
    expect(await isRefused(ONE)).toBe(false);
  });

  it('nobody calls it for another 30 s if all of them fail, and those who waited are refused', async () => {
    const [one, other, third, fourth] = [ONE, OTHER, THIRD, FOURTH].map(begin);
    for (const each of [one, other]) each?.fail();
    await settle();
    time += 3_000;
    third?.fail();
    const refusal = await fourth?.result.catch((thrown: unknown) => thrown);
    expect(isOutage(refusal)).toBe(true);
    expect(sent).toEqual([ONE, OTHER, THIRD]);
    time += 29_999;
    expect(await isRefused(FOURTH)).toBe(true);
    time += 1;
    expect(await isRefused(FOURTH)).toBe(false);
  });

  it('the hanging calls of one account do not keep it down for the others', async () => {
    const [hanging, good] = [ONE, OTHER].map(begin);
    hanging?.fail();
    await settle();
    good?.answer();
    await settle();
    expect(await isRefused(THIRD)).toBe(false);
  });

  it('the next account tries at once if an attempt was not sent', async () => {
    await attempt(ONE, 0, new Conflict('the lease is lost')).catch(() => undefined);
    expect(await isRefused(OTHER)).toBe(false);
  });
});
