import { fileURLToPath } from 'node:url';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { startEmulator } from '../../../local/emulator.ts';
import { openAccessRole } from '../../../local/gateway/shims/access-role.ts';
import { upstreamAt } from '../../../local/gateway/upstream.ts';

/** An emulator with an organization before Orgkeeper is deployed. Calls to it cause no events. */
export interface Organization {
  readonly endpoint: string;
  /** Organizations, as the management account. */
  readonly client: OrganizationsClient;
  /** Creates accounts through Organizations. Returns their ids. */
  createAccounts(names: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** The management account of the local runtime. */
const MANAGEMENT = '210987654321';

export async function startOrganization(): Promise<Organization> {
  const directory = fileURLToPath(new URL('../../../.orgkeeper', import.meta.url));
  const emulator = await startEmulator({ directory, say: () => undefined });
  const upstream = upstreamAt();
  upstream.connect(emulator.endpoint);
  const client = upstream.client(OrganizationsClient, { account: MANAGEMENT, region: 'us-east-1' });
  await client.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  return {
    endpoint: emulator.endpoint,
    client,
    async createAccounts(names) {
      const ids: string[] = [];
      for (const name of names) {
        const command = new CreateAccountCommand({ AccountName: name, Email: `${name}@example.com` });
        const id = (await client.send(command)).CreateAccountStatus?.AccountId ?? '';
        await openAccessRole(upstream, id);
        ids.push(id);
      }
      return ids;
    },
    async stop() {
      upstream.close();
      await emulator.stop();
    },
  };
}
