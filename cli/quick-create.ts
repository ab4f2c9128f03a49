import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Config, TEMPLATE_DAYS } from '../shared/deployment/config.ts';
import { Failure } from './failure.ts';

/** A link that opens CloudFormation in its owner's console, with the template and everything in it filled in. */
export interface QuickCreate {
  readonly url: string;
  /** ISO time from which the template cannot be read any more: a week, or the end of the caller's session. */
  readonly expiresAt: string;
  /** Why the console may not open it, in one sentence; absent for a link that it takes. */
  readonly warning?: string;
}

/**
 * What CloudFormation's console takes as `templateURL`, by its guide; a URL signed with a session's credentials is longer.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
 */
const LONGEST_TEMPLATE_URL = 1_024;

/** Says of a template's URL that the console may refuse it for its length. Pure. */
export function lengthWarning(templateUrl: string): string | undefined {
  if (templateUrl.length <= LONGEST_TEMPLATE_URL) return undefined;
  return (
    `The link's templateURL has ${templateUrl.length} characters, since it is signed with temporary credentials, and ` +
    `CloudFormation's console takes ${LONGEST_TEMPLATE_URL}: it may not open.`
  );
}

/** What the stack of a member template is called. */
export const MEMBER_STACK = 'orgkeeper-member';

/** In seconds; the bucket forgets the template then, too (infra/constructs/templates.ts). */
const LIFETIME = TEMPLATE_DAYS * 24 * 60 * 60;

/**
 * Puts the template into the bucket of the deployment, with the caller's own credentials, and links to it by a
 * signed URL: whoever has the link can read this one template, and nobody else can. The same template is put at
 * the same place, so doing it again only makes a new link.
 * @throws Failure when the caller may not put it there, or the link would not open
 */
export async function quickCreate(accountId: string, template: string, config: Config): Promise<QuickCreate> {
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
    url: linkTo(templateUrl, config),
    expiresAt: new Date(ends).toISOString(),
    ...(warning && { warning }),
  };
}

const REFUSED = new Set(['AccessDenied', 'NoSuchBucket']);

function refused(reason: string, { partition, templatesBucket }: Config): Failure {
  return new Failure(
    `The template cannot be kept in the bucket ${templatesBucket} for its owner (${reason}): the caller needs ` +
      `s3:PutObject and s3:GetObject on arn:${partition}:s3:::${templatesBucket}/member/*, and the bucket is the main stack's.`,
  );
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html */
function linkTo(templateURL: string, { partition, region }: Config): string {
  const hosts = { aws: 'aws.amazon.com', 'aws-cn': 'amazonaws.cn', 'aws-us-gov': 'amazonaws-us-gov.com' };
  const query = new URLSearchParams({ templateURL, stackName: MEMBER_STACK });
  return `https://${region}.console.${hosts[partition]}/cloudformation/home?region=${region}#/stacks/quickcreate?${query}`;
}
