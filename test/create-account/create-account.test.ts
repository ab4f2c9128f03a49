import { describe, expect, it } from '@jest/globals';
import { createAccountHandler } from '../../controllers/create-account/create-account.ts';
import { aMessage, batch, secondsLeft, silentLogger } from '../kit/lambda.ts';
import { creationWorld } from './world.ts';

const request = (name: string) => ({
  name,
  email: `${name}@example.com`,
  requestId: name,
  values: {},
  tags: {},
});
const message = (key: string) => aMessage({ key }, { id: key });

/** The function, and a world in which these accounts are asked for. */
async function asked(...names: string[]) {
  const world = creationWorld();
  for (const name of names) await world.ask(request(name));
  const { logger, lines } = silentLogger();
  return { world, lines, handler: createAccountHandler({ ...world.deps(), logger }) };
}
const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('createAccountHandler', () => {
  it('advances a request as far as possible: CreateAccount is called', async () => {
    const { handler, world, lines } = await asked('genomics');
    expect(await handler(batch(message('genomics')), secondsLeft(60))).toEqual(failed());
    expect(world.made).toMatchObject([{ name: 'genomics' }]);
    expect(await world.creation('genomics')).toMatchObject({ stage: { is: 'creating' } });
    expect(lines).toEqual(['info request']);
  });

  it('finishes a message without a request', async () => {
    const { handler, lines } = await asked();
    expect(await handler(batch(message('nobody')), secondsLeft(60))).toEqual(failed());
    expect(lines).toEqual(['warn no such request for an account']);
  });

  it('finishes a message that another one overtook', async () => {
    const { handler, world, lines } = await asked('genomics');
    world.answers.push((make) => {
      world.change('genomics', { version: 9 });
      return make();
    });
    expect(await handler(batch(message('genomics')), secondsLeft(60))).toEqual(failed());
    expect(lines).toEqual(['info request was advanced by another message first']);
  });

  it('finishes a request that cannot be read, once it is announced', async () => {
    const { handler, world, lines } = await asked('genomics');
    world.change('genomics', { stage: { is: 'dancing' } });
    expect(await handler(batch(message('genomics')), secondsLeft(60))).toEqual(failed());
    expect(world.put).toMatchObject([
      { detailType: 'AccountCreationFailed', detail: { reason: 'UnreadableItem' } },
    ]);
    expect(lines).toEqual(['error request cannot be read']);
  });

  it('has the one request redelivered that crashed, and advances the others', async () => {
    const { handler, world } = await asked('genomics', 'physics');
    world.main.table.documents.middlewareStack.add(
      (next) => async (args) => {
        if (JSON.stringify(args.input).includes('physics')) throw new TypeError('a mistake of ours');
        return next(args);
      },
      { step: 'initialize', priority: 'high' },
    );
    const event = batch(message('physics'), message('genomics'), aMessage('no JSON', { id: 'unreadable' }));
    const { batchItemFailures } = await handler(event, secondsLeft(60));
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'physics' }]);
    expect(world.made).toMatchObject([{ name: 'genomics' }]);
  });
});
