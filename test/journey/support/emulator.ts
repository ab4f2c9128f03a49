import { fileURLToPath } from 'node:url';
import { startEmulator } from '../../../local/emulator.ts';
import { upstreamAt } from '../../../local/gateway/upstream.ts';

/** An emulator with an organization that nobody keeps yet. What is made here causes no event. */
export interface Organization {
  readonly endpoint: string;
  /** New accounts, by way of Organizations alone; their ids. */
  createAccounts(names: readonly string[]): Promise<string[]>;
  /** A call of Organizations, as the management account; its answer. */
  call(action: string, params: object): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** The management account of the local runtime. */
const MANAGEMENT = '210987654321';

export async function startOrganization(): Promise<Organization> {
  const directory = fileURLToPath(new URL('../../../.orgkeeper', import.meta.url));
  const emulator = await startEmulator({ directory, say: () => undefined });
  const upstream = upstreamAt();
  upstream.connect(emulator.endpoint);
  const call = async (action: string, params: object) => {
    const as = { account: MANAGEMENT, region: 'us-east-1', service: 'organizations' };
    const reply = await upstream.json(`AWSOrganizationsV20161128.${action}`, params, as);
    if (reply.status !== 200) throw new Error(`${action}: ${reply.body}`);
    return JSON.parse(reply.body.toString() || '{}');
  };
  await call('CreateOrganization', { FeatureSet: 'ALL' });
  return {
    endpoint: emulator.endpoint,
    call,
    async createAccounts(names) {
      const ids: string[] = [];
      for (const name of names) {
        const params = { AccountName: name, Email: `${name}@example.com` };
        ids.push((await call('CreateAccount', params)).CreateAccountStatus.AccountId);
      }
      return ids;
    },
    async stop() {
      upstream.close();
      await emulator.stop();
    },
  };
}
