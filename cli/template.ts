import { writeFile } from 'node:fs/promises';
import { memberTemplate } from '../controllers/fleet/member-template.ts';
import { kinds } from '../controllers/kinds/index.ts';
import type { Table } from '../shared/aws/main-clients.ts';
import { type BaselineDocument, formatBaseline, parseBaselineReference } from '../shared/domain/baseline.ts';
import { registered } from '../shared/domain/records.ts';
import { loadAccount } from '../shared/store/accounts.ts';
import { checkRequest } from './ask.ts';
import { connect } from './client.ts';
import { COMMAND } from './command.ts';
import { Failure } from './failure.ts';
import { readAccountId } from './fleet.ts';
import { print, printJson, say } from './output.ts';
import { publishedBaseline } from './published-baseline.ts';
import { MEMBER_STACK, type QuickCreate, quickCreate } from './quick-create.ts';

/** What `template member` was given. */
export interface TemplateOptions {
  readonly account: string;
  readonly name?: string;
  readonly externalId?: string;
  readonly baseline?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * `template member`: the template on stdout (or in a file), and on stderr the link by which its owner deploys it and
 * how the account is registered then. No record is written: the ExternalId is kept once the account is registered.
 */
export async function template(options: TemplateOptions): Promise<void> {
  const accountId = readAccountId(options.account);
  const { config, table } = await connect();
  const { record: existing } = await loadAccount(table, accountId);
  const baseline = await findBaseline(
    table,
    options.baseline ?? (existing?.baseline && formatBaseline(existing.baseline)) ?? config.defaultBaseline,
  );
  const request = checkRequest('AccountRegistrationRequested', {
    accountId,
    name: options.name ?? existing?.name ?? `account-${accountId}`,
    ...(options.externalId !== undefined && { externalId: options.externalId }),
  });
  const { name, version } = baseline;
  const record = registered(existing, {
    request,
    baseline: { name, version },
    described: undefined,
    named: true,
    changedBy: 'template',
    time: new Date().toISOString(),
  });
  const member = memberTemplate({ record, baseline, kinds, config });
  const { roleArn, template: body } = member;
  const register = `${COMMAND} ${member.register}`;
  const text = JSON.stringify(body, undefined, 2);
  if (options.output) await write(options.output, `${text}\n`);
  else if (!options.json) print(text);
  const link = await quickCreate(accountId, text, config);
  if (options.json) {
    const { externalId } = record;
    printJson({ accountId, roleArn, externalId, register, quickCreate: link, template: body });
  }
  const command =
    `aws cloudformation deploy --region ${config.region} --stack-name ${MEMBER_STACK} --capabilities CAPABILITY_NAMED_IAM ` +
    `--template-file ${options.output ?? 'member.json'}`;
  for (const line of handOver(link, command)) say(line);
  say(`Then, in Main: ${register}`);
}

/** How the owner gets the stack: by link or by command, first the way that is sure to work. Pure. */
export function handOver({ url, expiresAt, warning }: QuickCreate, command: string): string[] {
  const byLink = `opens this link in the account, until ${expiresAt} at most, and creates the stack:`;
  if (!warning) return [`Its owner ${byLink}`, `  ${url}`, 'Or deploys the template there:', `  ${command}`];
  return [
    'Its owner deploys the template in the account:',
    `  ${command}`,
    `Or ${byLink}`,
    `  ${url}`,
    warning,
  ];
}

/** @throws Failure when it cannot be written */
async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(
      `Cannot write ${file}: ${error.code === 'ENOENT' ? 'there is no such folder' : error.message}.`,
    );
  });
}

/** @throws Failure when there is no such baseline */
function findBaseline(table: Table, text: string): Promise<BaselineDocument> {
  const reference = parseBaselineReference(text);
  if (!reference) throw new Failure(`'${text}' is no baseline: write it as name or name@version.`);
  return publishedBaseline(table, reference);
}
