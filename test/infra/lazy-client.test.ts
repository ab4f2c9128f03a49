import { describe, expect, it } from '@jest/globals';
import { type LoadService, lazyClient, lazyCommand } from '../../infra/lazy-client.ts';

/** A service like those of the SDK, which says what happens to it. */
function aService() {
  const log: string[] = [];
  class SomeClient {
    readonly settings: unknown;
    readonly config = { endpointProvider: (parameters: string) => `by rules: ${parameters}` };
    readonly middlewareStack = { add: (name: string) => void log.push(`middleware ${name}`) };
    constructor(settings: unknown) {
      log.push(`made with ${JSON.stringify(settings)}`);
      this.settings = settings;
    }
    async send(command: { readonly input: unknown; readonly constructor: { readonly name: string } }) {
      const endpoint = this.config.endpointProvider('eu-west-1');
      log.push(`${command.constructor.name} ${JSON.stringify(command.input)} to ${endpoint}`);
      if (command.constructor.name === 'FailCommand') throw new Error('as AWS says');
      return { answer: command.input };
    }
  }
  class GetCommand {
    readonly input: unknown;
    constructor(input: unknown) {
      this.input = input;
    }
  }
  class FailCommand extends GetCommand {}
  const load: LoadService = async () => {
    log.push('loaded');
    return { SomeClient, GetCommand, FailCommand };
  };
  return { log, load };
}

describe('a lazy client', () => {
  const Get = lazyCommand('GetCommand');
  const Fail = lazyCommand('FailCommand');

  it('loads nothing before its first call', () => {
    const { log, load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({ region: 'eu-west-1' });
    client.middlewareStack.add('watch');
    new Get({ Id: 1 });
    expect(log).toEqual([]);
  });

  it('makes one client with the settings, and the middleware in its order, however many calls begin at once', async () => {
    const { log, load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({ region: 'eu-west-1' });
    client.middlewareStack.add('first');
    client.middlewareStack.add('second');
    const answers = await Promise.all([client.send(new Get({ Id: 1 })), client.send(new Get({ Id: 2 }))]);
    expect(answers).toEqual([{ answer: { Id: 1 } }, { answer: { Id: 2 } }]);
    expect(log.filter((line) => line !== 'loaded')).toEqual([
      'made with {"region":"eu-west-1"}',
      'middleware first',
      'middleware second',
      'GetCommand {"Id":1} to by rules: eu-west-1',
      'GetCommand {"Id":2} to by rules: eu-west-1',
    ]);
  });

  it('fails as the call fails', async () => {
    const { load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({});
    await expect(client.send(new Fail({}))).rejects.toThrow('as AWS says');
  });

  it('finds its endpoint by the provider that takes the place of its own, and that may call its own', async () => {
    const { log, load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({});
    const { config } = client as unknown as { config: { endpointProvider: (parameters: string) => string } };
    const byRules = config.endpointProvider;
    config.endpointProvider = (parameters) => `ours, then ${byRules(parameters)}`;
    await client.send(new Get({}));
    expect(log.at(-1)).toBe('GetCommand {} to ours, then by rules: eu-west-1');
  });

  it('finds its endpoint by the last of two providers, each of which may call the one before', async () => {
    const { log, load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({});
    const { config } = client as unknown as { config: { endpointProvider: (parameters: string) => string } };
    for (const who of ['first', 'second']) {
      const before = config.endpointProvider;
      config.endpointProvider = (parameters) => `${who}, then ${before(parameters)}`;
    }
    await client.send(new Get({}));
    expect(log.at(-1)).toBe('GetCommand {} to second, then first, then by rules: eu-west-1');
  });

  it('has the middleware that is added, and the provider that is set, after its first call', async () => {
    const { log, load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({});
    await client.send(new Get({ Id: 1 }));
    client.middlewareStack.add('late');
    const { config } = client as unknown as { config: { endpointProvider: (parameters: string) => string } };
    const byRules = config.endpointProvider;
    config.endpointProvider = (parameters) => `late, then ${byRules(parameters)}`;
    await client.send(new Get({ Id: 2 }));
    expect(log.filter((line) => line !== 'loaded').slice(-2)).toEqual([
      'middleware late',
      'GetCommand {"Id":2} to late, then by rules: eu-west-1',
    ]);
  });

  it('says which class a bundle lacks', async () => {
    const { load } = aService();
    const client = new (lazyClient(load, 'SomeClient'))({});
    await expect(client.send(new (lazyCommand('OtherCommand'))({}))).rejects.toThrow(
      'The bundle has no OtherCommand.',
    );
  });
});
