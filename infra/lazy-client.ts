/**
 * What a bundle has in place of the SDK's clients and commands of a service until the first call loads them: lazy-services.ts puts it
 * there. A client keeps what it is told before that, so that code need not know whether its client is loaded. It has of the SDK's client
 * what our functions use: `send`, `middlewareStack.add` and `config.endpointProvider`.
 */

// biome-ignore lint/suspicious/noExplicitAny: of any service
type Any = any;
/** Loads the client and the commands of a service; the same modules each time. */
export type LoadService = () => Promise<Readonly<Record<string, new (input: Any) => Any>>>;

/** A command that is not loaded yet. */
interface LazyCommand {
  readonly name: string;
  readonly input: unknown;
}

/** The class of a command: its instances hold the input. */
export function lazyCommand(name: string): new (input: unknown) => LazyCommand {
  return class {
    readonly name = name;
    readonly input: unknown;
    constructor(input: unknown) {
      this.input = input;
    }
  };
}

/** The class of a client, which is loaded with its first call. */
export function lazyClient(load: LoadService, name: string) {
  return class {
    readonly #settings: unknown;
    readonly #changes: ((client: Any) => void)[] = [];
    #client: Any;
    readonly middlewareStack = {
      add: (...middleware: readonly unknown[]): void =>
        this.#change((client) => client.middlewareStack.add(...middleware)),
    };
    /** Only how a client finds its endpoint: some of ours change that. */
    readonly config = Object.defineProperty({}, 'endpointProvider', {
      get: () => {
        let provider: Any;
        this.#change(({ config }) => {
          provider = config.endpointProvider;
        });
        return (...call: readonly unknown[]) => provider(...call);
      },
      set: (provider: unknown) =>
        this.#change(({ config }) => {
          config.endpointProvider = provider;
        }),
    });

    constructor(settings: unknown) {
      this.#settings = settings;
    }

    async send({ name: command, input }: LazyCommand, ...options: readonly unknown[]): Promise<unknown> {
      const service = await load();
      this.#client ??= this.#make(service);
      return this.#client.send(make(service, command, input), ...options);
    }

    #make(service: Awaited<ReturnType<LoadService>>): Any {
      const client = make(service, name, this.#settings);
      for (const change of this.#changes) change(client);
      return client;
    }

    /** Changes the client, in the order of the changes: at once if it is loaded, else then. */
    #change(change: (client: Any) => void): void {
      if (this.#client) change(this.#client);
      else this.#changes.push(change);
    }
  };
}

function make(service: Awaited<ReturnType<LoadService>>, name: string, input: unknown): Any {
  const Made = service[name];
  if (!Made) throw new Error(`The bundle has no ${name}.`);
  return new Made(input);
}
