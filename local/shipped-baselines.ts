import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { publishText } from '../controllers/fleet/publish-baseline.ts';
import { localClient } from './deploy.ts';

const FOLDER = fileURLToPath(new URL('../infra/baselines', import.meta.url));

/** Publishes the shipped baselines, as a person does after a deployment. Idempotent. */
export async function publishShippedBaselines(runtime: {
  readonly endpoint: string;
  readonly region: string;
  readonly accounts: { readonly main: string };
  readonly host: {
    readonly functions: readonly { readonly environment: Readonly<Record<string, string>> }[];
  };
}): Promise<void> {
  const config = runtime.host.functions[0]?.environment.ORGKEEPER_CONFIG;
  const known = z
    .object({ tableName: z.string(), executionRolePattern: z.string() })
    .parse(JSON.parse(config ?? '{}'));
  const client = new DynamoDBClient(localClient(runtime.endpoint, runtime.accounts.main, runtime.region));
  const table = { documents: DynamoDBDocumentClient.from(client), name: known.tableName };
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith('.yaml')) : [];
  for (const file of files.sort()) {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const outcome = await publishText({ table, config: known }, text, new Date());
    if (!('baseline' in outcome)) throw new Error(`${file} cannot be published: ${JSON.stringify(outcome)}`);
  }
  client.destroy();
}
