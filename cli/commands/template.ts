import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Command } from 'commander';
import { memberTemplate } from '../../controllers/fleet/member-template.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import type { Table } from '../../shared/aws/main-clients.ts';
import { type Config, TEMPLATE_DAYS } from '../../shared/deployment/config.ts';
import { type BaselineDocument, formatBaseline } from '../../shared/domain/baseline.ts';
import { shellWord } from '../../shared/domain/escape.ts';
import { registered } from '../../shared/domain/records.ts';
import { loadAccount } from '../../shared/store/accounts.ts';
import { connect } from '../client.ts';
import { examples } from '../examples.ts';
import { Failure } from '../failure.ts';
import { publishedBaseline, readAccountId, readBaselineReference } from '../fleet.ts';
import { checkRequest } from '../send-request.ts';
import { COMMAND, print, printJson, say } from '../terminal.ts';
import { writeText } from '../write-text.ts';

/** `template …`: templates that the owner of an account deploys. */
export function templateCommand(): Command {
  const command = new Command('template')
    .description('Makes templates for the owners of accounts.')
    .addHelpText('after', examples('orgkeeper template member --account 456789012345'));
  command
    .command('member')
    .description(
      "Prints the CloudFormation template with which an invited account's owner lets Orgkeeper keep it, and the link that opens it in CloudFormation.",
    )
    .requiredOption('--account <id>', 'account id, 12 digits')
    .option('--name <name>', 'name of the account, for people')
    .option('--external-id <id>', "the role's ExternalId; default: that of the account, else a new one")
    .option(
      '--baseline <name[@version]>',
      'its baseline; default: that of the account, else the default baseline',
    )
    .option('--output <file>', 'write the template there instead of stdout')
    .option('--json', 'print { accountId, roleArn, externalId, register, quickCreate, template }')
    .addHelpText(
      'after',
      examples('orgkeeper template member --account 456789012345 --name genomics --output member.json'),
    )
    .action(template);
  return command;
}

/** The options of `template member`. */
interface TemplateOptions {
  readonly account: string;
  readonly name?: string;
  readonly externalId?: string;
  readonly baseline?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/**
 * `template member`: prints the template on stdout (or into a file), and on stderr the link for the owner and the command that
 * registers the account afterwards. Saves no record: the ExternalId is saved when the account is registered.
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
  const { roleArn, region, template: body } = member;
  const register = `${COMMAND} ${member.register}`;
  const text = JSON.stringify(body, undefined, 2);
  if (options.output) await writeText(options.output, `${text}\n`);
  else if (!options.json) print(text);
  const link = await quickCreate(accountId, text, config, region);
  if (options.json) {
    const { externalId } = record;
    printJson({ accountId, roleArn, externalId, register, quickCreate: link, template: body });
  }
  const command =
    `aws cloudformation deploy --region ${shellWord(region)} --stack-name ${MEMBER_STACK} --capabilities CAPABILITY_NAMED_IAM ` +
    `--template-file ${shellWord(options.output ?? 'member.json')}`;
  for (const line of handOver(link, command)) say(line);
  say(`Then, in Main: ${register}`);
}

/** How the owner creates the stack: by link or by command, the reliable way first. Pure. */
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

/** @throws Failure if there is no such baseline */
function findBaseline(table: Table, text: string): Promise<BaselineDocument> {
  return publishedBaseline(table, readBaselineReference(text));
}

/** A link that opens CloudFormation in the owner's console, with the template and its parameters filled in. */
export interface QuickCreate {
  readonly url: string;
  /** ISO time at which the link expires: after a week, or at the end of the caller's session. */
  readonly expiresAt: string;
  /** Why the console may not open the link, in one sentence; absent if it should. */
  readonly warning?: string;
}

/**
 * Maximum length of `templateURL` in CloudFormation's console; a URL signed with temporary credentials is longer.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
 */
const LONGEST_TEMPLATE_URL = 1_024;

/** A warning if a template's URL is longer than the console accepts. Pure. */
export function lengthWarning(templateUrl: string): string | undefined {
  if (templateUrl.length <= LONGEST_TEMPLATE_URL) return undefined;
  return (
    `The link's templateURL has ${templateUrl.length} characters, since it is signed with temporary credentials, but ` +
    `CloudFormation's console accepts ${LONGEST_TEMPLATE_URL}: it may not open.`
  );
}

/** The name of the stack of a member template. */
const MEMBER_STACK = 'orgkeeper-member';

/** In seconds; the bucket deletes the template then, too (infra/constructs/templates.ts). */
const LIFETIME = TEMPLATE_DAYS * 24 * 60 * 60;

/**
 * Puts the template into the bucket of the deployment, with the caller's credentials, and returns a link with a signed URL: only
 * who has the link can read this template. The same template gets the same key, so a repetition only makes a new link.
 * @param region the region in which the link creates the stack
 * @throws Failure if the caller may not put the object, or the link would not open
 */
export async function quickCreate(
  accountId: string,
  template: string,
  config: Config,
  region: string,
): Promise<QuickCreate> {
  const s3 = new S3Client({ region: config.region });
  const hash = createHash('sha256').update(template).digest('hex');
  const object = { Bucket: config.templatesBucket, Key: `member/${accountId}/${hash.slice(0, 32)}.json` };
  const put = new PutObjectCommand({
    ...object,
    Body: template,
    ContentType: 'application/json',
    ExpectedBucketOwner: config.mainAccountId,
  });
  await s3.send(put).catch((error: Error) => {
    throw REFUSED.has(error.name) ? refused(error.name, config) : error;
  });
  const { expiration } = await s3.config.credentials();
  const signedAt = Date.now();
  const templateUrl = await getSignedUrl(s3, new GetObjectCommand(object), { expiresIn: LIFETIME });
  const read = await fetch(templateUrl);
  if ((await read.text()) !== template) throw refused(`HTTP status ${read.status}`, config);
  const ends = Math.min(signedAt + LIFETIME * 1000, expiration?.getTime() ?? Number.POSITIVE_INFINITY);
  const warning = lengthWarning(templateUrl);
  return {
    url: linkTo(templateUrl, { partition: config.partition, region }),
    expiresAt: new Date(ends).toISOString(),
    ...(warning && { warning }),
  };
}

const REFUSED = new Set(['AccessDenied', 'NoSuchBucket']);

function refused(reason: string, { partition, templatesBucket }: Config): Failure {
  return new Failure(
    `The template cannot be put into the bucket ${templatesBucket} for the owner (${reason}): the caller needs ` +
      `s3:PutObject and s3:GetObject on arn:${partition}:s3:::${templatesBucket}/member/*, and the main stack must have created the bucket.`,
  );
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html */
function linkTo(templateURL: string, { partition, region }: Pick<Config, 'partition' | 'region'>): string {
  const hosts = { aws: 'aws.amazon.com', 'aws-cn': 'amazonaws.cn', 'aws-us-gov': 'amazonaws-us-gov.com' };
  const query = new URLSearchParams({ templateURL, stackName: MEMBER_STACK });
  return `https://${region}.console.${hosts[partition]}/cloudformation/home?region=${region}#/stacks/quickcreate?${query}`;
}
