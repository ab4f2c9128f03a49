import { describe, expect, it } from '@jest/globals';
import { AccessDenied, Conflict, ServiceFault, Throttled } from '../../shared/domain/errors.ts';
import { getRecord } from '../../shared/store/accounts.ts';
import { creationWorld } from './world.ts';

const request = (name: string, more: object = {}) => ({ name, email: `${name}@example.com`, ...more });
const key = 'genomics@example.com';

describe('a request for an account', () => {
  it('ends with an account that is registered and moved as requested', async () => {
    const world = creationWorld();
    const more = {
      organizationalUnitId: 'ou-abcd-12345678',
      baseline: 'analytics@3',
      mode: 'observe' as const,
      values: { team: 'red' },
      tags: { 'cost-center': '4711' },
    };
    await world.ask(request('genomics', more));
    await world.run();
    const [account] = world.made;
    const accountId = account?.accountId ?? '';
    expect(account).toMatchObject({
      parent: 'ou-abcd-12345678',
      tags: { 'cost-center': '4711', 'orgkeeper:request': key },
    });
    expect(await world.creation(key)).toMatchObject({ stage: { is: 'registered', accountId } });
    expect((await world.creation(key))?.dueAt).toBeUndefined();
    expect(await getRecord(world.main.table, accountId)).toMatchObject({
      name: 'genomics',
      email: key,
      lifecycle: 'managed',
      mode: 'observe',
      baseline: { name: 'analytics', version: 3 },
      values: { team: 'red' },
      tags: { 'cost-center': '4711' },
    });
    expect(world.put.map(({ detailType }) => detailType)).toEqual(['AccountRegistered']);
    expect(world.put[0]?.detail.cause).toMatchObject({ id: 'event-1' });
    expect(world.passes).toMatchObject([{ accountId }]);
  });

  it('is finished as soon as AWS has an answer', async () => {
    const world = creationWorld({ secondsToCreate: 20 });
    await world.ask(request('genomics'));
    await world.run(21);
    expect((await world.creation(key))?.stage.is).toBe('creating');
    world.send({ key, answered: true });
    await world.run(0);
    expect((await world.creation(key))?.stage.is).toBe('registered');
  });

  it('ends immediately when AWS says FAILED, in plain words', async () => {
    const world = creationWorld({ result: () => 'EMAIL_ALREADY_EXISTS' });
    await world.ask(request('genomics', { requestId: 'ticket-1' }));
    await world.run();
    expect(await world.creation('ticket-1')).toMatchObject({
      stage: { is: 'failed', reason: 'EMAIL_ALREADY_EXISTS' },
      message: expect.stringMatching(/Another AWS account has that email/),
    });
    expect(world.put).toMatchObject([
      {
        detailType: 'AccountCreationFailed',
        detail: { name: 'genomics', email: key, requestId: 'ticket-1', reason: 'EMAIL_ALREADY_EXISTS' },
      },
    ]);
    expect(world.calls).toHaveLength(1);
  });

  it('fails before CreateAccount if the organizational unit does not exist', async () => {
    const world = creationWorld();
    await world.ask(request('genomics', { organizationalUnitId: 'ou-abcd-gone' }));
    await world.run();
    expect((await world.creation(key))?.stage).toMatchObject({ reason: 'OrganizationalUnitNotFound' });
    expect(world.calls).toEqual([]);
  });

  it('ends when the account is closed before it is registered', async () => {
    const world = creationWorld({ closed: true });
    await world.ask(request('genomics'));
    await world.run();
    expect((await world.creation(key))?.stage).toMatchObject({ is: 'failed', reason: 'AccountDeparted' });
    expect(world.put.map(({ detailType }) => detailType)).toEqual(['AccountCreationFailed']);
  });

  it('does nothing more for superfluous messages', async () => {
    const world = creationWorld();
    await world.ask(request('genomics'));
    for (let count = 0; count < 5; count++) world.send({ key });
    await world.run();
    for (let count = 0; count < 5; count++) world.send({ key, answered: true });
    await world.run();
    expect(world.calls).toHaveLength(1);
    expect(world.put).toHaveLength(1);
    expect(world.passes).toHaveLength(1);
  });
});

describe('many requests', () => {
  it('never have more than five in progress, nor exceed the rate, and all end', async () => {
    const world = creationWorld({ secondsToCreate: 300 });
    for (let number = 0; number < 20; number++) await world.ask(request(`account-${number}`));
    let most = 0;
    for (let step = 0; step < 7200; step++) {
      await world.run(1);
      most = Math.max(most, world.inProgress());
    }
    expect(most).toBe(5);
    expect(world.put.filter(({ detailType }) => detailType === 'AccountRegistered')).toHaveLength(20);
    const times = world.calls.map(({ at }) => at);
    expect(times).toHaveLength(20);
    for (const [index, at] of times.entries()) {
      // Three at once, then one in ten seconds: any four calls take ten seconds, any five twenty …
      for (let before = 0; before + 3 <= index; before++)
        expect(at - (times[before] ?? 0)).toBeGreaterThanOrEqual((index - before - 2) * 10 - 2);
    }
  });

  it('take hardly longer than AWS, which makes five at a time: each slot is taken soon after it is free', async () => {
    const world = creationWorld({ secondsToCreate: 60 });
    for (let number = 0; number < 120; number++) await world.ask(request(`account-${number}`));
    await world.run();
    expect(world.put.filter(({ detailType }) => detailType === 'AccountRegistered')).toHaveLength(120);
    // The last of these waited longer for its turn than SQS delays a message.
    expect(Math.max(...world.putAt)).toBeGreaterThan(900);
    expect(Math.max(...world.putAt)).toBeLessThan(1.1 * (120 / 5) * 60);
  });

  it('leave room for creations of others', async () => {
    const world = creationWorld({ secondsToCreate: 300 });
    for (let number = 0; number < 4; number++)
      await world.deps().creator.create('theirs', request(`theirs-${number}`));
    for (let number = 0; number < 3; number++) await world.ask(request(`ours-${number}`));
    await world.run(60);
    expect(world.inProgress()).toBe(5);
    await world.run();
    expect(world.put).toHaveLength(3);
  });
});

describe('a call that AWS refuses', () => {
  it.each([
    ['ConcurrentModification', new Conflict('at it')],
    ['throttling', new Throttled('slow down')],
    ['a denial', new AccessDenied('no')],
    ['a limit of the day', Object.assign(new Error('x'), no('ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED'))],
  ])('for %s is repeated later', async (_, error) => {
    const world = creationWorld();
    world.answers.push(refuse(error), refuse(error));
    await world.ask(request('genomics'));
    await world.run();
    expect((await world.creation(key))?.stage.is).toBe('registered');
    const [first = 0, second = 0, third = 0] = world.calls.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(10);
    expect(third - second).toBeGreaterThanOrEqual(10);
    expect(world.made).toHaveLength(1);
  });

  it('with a denial names the remedy from the first time on, and ends the request after a day', async () => {
    const world = creationWorld();
    const error = new AccessDenied('not authorized to call CreateAccount', { remedy: 'Allow it.' });
    for (let time = 0; time < 200; time++) world.answers.push(refuse(error));
    await world.ask(request('genomics'));
    await world.run(60);
    expect(await world.creation(key)).toMatchObject({
      stage: { is: 'waiting', deniedSince: '2026-11-20T10:00:00.000Z' },
      message: expect.stringMatching(
        /not authorized to call CreateAccount Allow it\. .*until 2026-11-21T10:00/,
      ),
    });
    await world.run(30 * 3600);
    expect((await world.creation(key))?.stage).toEqual({ is: 'failed', reason: 'AccessDenied' });
    expect(world.put).toMatchObject([
      {
        detailType: 'AccountCreationFailed',
        detail: {
          email: key,
          reason: 'AccessDenied',
          message: expect.stringMatching(/for a day: .*Allow it\./),
        },
      },
    ]);
    expect(world.putAt[0]).toBeLessThan(25 * 3600);
  });

  it('with a denial, also of a poll, ends the request after a day', async () => {
    const world = creationWorld();
    world.deps().creator.statuses = refuse(new AccessDenied('no'));
    await world.ask(request('genomics'));
    await world.run(30 * 3600);
    expect((await world.creation(key))?.stage).toEqual({ is: 'failed', reason: 'AccessDenied' });
  });

  it('counts the day of denials again after another answer of AWS', async () => {
    const world = creationWorld();
    const denials = (hours: number) => {
      for (let time = 0; time < 4 * hours; time++) world.answers.push(refuse(new AccessDenied('no')));
    };
    denials(20);
    world.answers.push(refuse(new Throttled('slow down')));
    denials(20);
    await world.ask(request('genomics'));
    await world.run(50 * 3600);
    expect((await world.creation(key))?.stage.is).toBe('registered');
  });

  it('for good ends the request', async () => {
    const world = creationWorld();
    world.answers.push(refuse(Object.assign(new Error('x'), no('ACCOUNT_NUMBER_LIMIT_EXCEEDED'))));
    await world.ask(request('genomics'));
    await world.run();
    expect((await world.creation(key))?.stage).toEqual({ is: 'failed', reason: 'ACCOUNT_LIMIT_EXCEEDED' });
    await world.ask(request('physics'));
    await world.run();
    expect((await world.creation('physics@example.com'))?.stage.is).toBe('registered');
  });
});

describe('a call whose answer is lost', () => {
  const lost = new ServiceFault('the connection was reset');

  it.each([
    ['made the account at once', 0],
    ['makes the account for some minutes', 240],
  ])('and that %s is found, not repeated', async (_, secondsToCreate) => {
    const world = creationWorld({ secondsToCreate });
    await world.deps().creator.create('another', request('genomics'));
    world.answers.push((make) => {
      make();
      throw lost;
    });
    await world.ask(request('genomics'));
    await world.run();
    const [theirs, ours] = world.made;
    expect(world.made).toHaveLength(2);
    expect(await world.creation(key)).toMatchObject({
      stage: { is: 'registered', accountId: ours?.accountId, creationId: ours?.creationId },
    });
    expect(theirs?.accountId).not.toBe(ours?.accountId);
  });

  it('and that AWS did not receive is repeated after a minute', async () => {
    const world = creationWorld();
    world.answers.push(refuse(lost));
    await world.ask(request('genomics'));
    await world.run();
    expect(world.made).toHaveLength(1);
    expect(world.calls[1]?.at).toBeGreaterThanOrEqual(60);
    expect((await world.creation(key))?.stage.is).toBe('registered');
  });

  it('has its account searched only once it cannot be in progress any more', async () => {
    const world = creationWorld({ secondsToCreate: 0 });
    let during: Promise<void> | undefined;
    world.answers.push((make) => {
      const id = make();
      world.send({ key, answered: true });
      world.send({ key });
      during = world.run(1);
      return id;
    });
    await world.ask(request('genomics'));
    await world.run();
    await during;
    expect(world.made).toHaveLength(1);
    expect(world.put).toHaveLength(1);
  });
});

function refuse(error: Error) {
  return () => {
    throw error;
  };
}

function no(Reason: string) {
  return { name: 'ConstraintViolationException', Reason, $metadata: { httpStatusCode: 400 } };
}
