import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Table } from '../shared/aws/main-clients.ts';
import { tableClient } from '../shared/aws/table-client.ts';
import { Config } from '../shared/deployment/config.ts';
import { NAMES } from '../shared/deployment/names.ts';
import { check } from '../shared/domain/plain-words.ts';
import { callerAccount } from './caller.ts';
import { Failure } from './failure.ts';

/** A deployment of Orgkeeper. A command creates the clients for other services itself. */
export interface Deployment {
  readonly config: Config;
  readonly table: Table;
}

/**
 * Connects to the deployment in the account and region of the caller's AWS environment.
 * @throws Failure if there is none, or if its version differs
 */
export async function connect(): Promise<Deployment> {
  const config = parseConfig(await readParameter(new SSMClient({})));
  return { config, table: tableClient(config) };
}

async function readParameter(ssm: SSMClient): Promise<string> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: NAMES.configParameter }));
    return Parameter?.Value ?? '';
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ParameterNotFound') throw error;
    const [account, region] = await Promise.all([callerAccount(), ssm.config.region()]);
    throw new Failure(
      `There is no Orgkeeper in account ${account ?? 'unknown'}, region ${region} (no SSM parameter ${NAMES.configParameter}): ` +
        'use credentials of the Main account, and AWS_REGION of the main stack.',
    );
  }
}

function parseConfig(text: string): Config {
  const parsed = check(Config, json(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    `The configuration in ${NAMES.configParameter} does not match this version of Orgkeeper ` +
      `(${issue?.path.join('.') || 'document'}: ${issue?.message}): deploy the main stack again, or use the deployed version.`,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
