import type { Difference } from '../../../shared/domain/status.ts';
import { differencesOf, withoutNames } from '../comparison.ts';
import type { Blocked, Comparison } from '../kind.ts';
import type { ActualBucket, ActualBuckets } from './observe.ts';
import { wantedOf } from './observe.ts';
import { isAsWanted } from './ownership.ts';
import { edited } from './policy-text.ts';
import { type BucketAccess, isLikeOurs, type Statement, type WantedGrant } from './section.ts';

/** The most bytes of a bucket's policy. https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html */
const MOST_BYTES = 20 * 1_024;

/** How soon a run looks again for a bucket that did not exist: no event of the account says that it was made. */
const MISSING_SECONDS = 60 * 60;

const difference = differencesOf('bucketAccess');

type Part = Pick<Comparison, 'differences' | 'blocked'>;

/** See Kind. `resource` is the bucket's name, `path` the Sid of a statement. */
export function compare(wanted: BucketAccess, actual: ActualBuckets | undefined): Comparison {
  const each = wanted.grants.map((grant) => compareGrant(grant, actual?.buckets[grant.bucket]));
  const waiting = wanted.grants.flatMap(waitingForExports);
  const dropped = Object.entries(actual?.buckets ?? {}).flatMap(([bucket, found]) =>
    droppedSids(bucket, found, wanted).map((Sid) => difference(bucket, Sid, { actual: 'dropped' })),
  );
  const all = [...each.flatMap(({ differences }) => differences), ...dropped];
  const { differences, blocked } = withinSize(all, wanted, actual);
  const copies = Object.entries(actual?.buckets ?? {}).flatMap(([bucket, found]) =>
    found.state === 'there' ? found.others.filter(isLikeOurs).map((Sid) => ({ bucket, Sid })) : [],
  );
  const isMissing = wanted.grants.some(({ bucket }) => actual?.buckets[bucket]?.state === 'missing');
  const warnings = [...namedLikeOurs(copies), ...withoutAcls(actual)];
  return {
    differences,
    blocked: [...each.flatMap((one) => one.blocked), ...blocked, ...waiting],
    unowned: copies.map(({ bucket, Sid }) =>
      difference(bucket, Sid, { actual: 'NamedLikeOurs' }, 'reported'),
    ),
    ...(warnings.length > 0 && { warnings, warningsAsFound: warnings }),
    ...(isMissing && { runAgainAfterSeconds: MISSING_SECONDS }),
  };
}

/** What is to be written under each Sid of a bucket, by the differences that were found; undefined: removed. Pure. */
export function changesOf(
  bucket: string,
  wanted: BucketAccess,
  differences: readonly Difference[],
): Map<string, Statement | undefined> {
  const statements = wantedOf(bucket, wanted);
  const sids = differences.filter(({ resource }) => resource === bucket).map(({ path }) => path);
  return new Map(sids.map((sid) => [sid, statements.find(({ Sid }) => Sid === sid)]));
}

/** Why a policy would be too large for S3; undefined if it is not. Pure. */
export function tooLarge(bucket: string, policy: string | undefined): string | undefined {
  const bytes = Buffer.byteLength(policy ?? '');
  if (bytes <= MOST_BYTES) return undefined;
  return (
    `The policy of the bucket ${bucket} would have ${bytes} bytes, and S3 allows ${MOST_BYTES}: ` +
    'shorten the statements of others in it, or name fewer roles in the baseline.'
  );
}

function compareGrant(grant: WantedGrant, actual: ActualBucket | undefined): Part {
  const { bucket, name, problems, waitsFor } = grant;
  const whole = (reason: string, message: string, more: Pick<Blocked, 'waitsFor'> = {}): Part => ({
    differences: [],
    blocked: grant.statements.map((one) => ({
      ...more,
      reason,
      message,
      difference: reported(bucket, one),
    })),
  });
  if (problems.length > 0) {
    const said = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    const remedy = 'correct the baseline, or register the account again with other values';
    return whole(
      'InvalidDesiredState',
      `The grant ${name} is not valid for this account (${said}): ${remedy}.`,
    );
  }
  if (waitsFor.length > 0) {
    const { reason, message, ...more } = withoutNames(`The grant ${name} on the bucket ${bucket}`, waitsFor);
    return whole(reason, message, more);
  }
  switch (actual?.state) {
    case 'missing':
      return whole(
        'BucketMissing',
        `There is no bucket ${bucket}, and Orgkeeper makes none: make it, or take the grant ${name} out of the baseline.`,
      );
    case 'elsewhere':
      return whole(
        'BucketElsewhere',
        `The bucket ${bucket} is in another region: manage the account in that region, or name a bucket of this one.`,
      );
    case 'unreadable':
      return whole(actual.reason, actual.message);
    case undefined:
      return {
        differences: grant.statements.map((one) => difference(bucket, one.Sid, { desired: shown(one) })),
        blocked: [],
      };
    case 'there':
      return compareStatements(grant, actual);
  }
}

/** A grant to roles that no account exports: nobody has it, and what was granted to them before is taken away. */
function waitingForExports({ bucket, name, withoutExports }: WantedGrant): Blocked[] {
  if (withoutExports.length === 0) return [];
  const names = withoutExports.map((one) => `\${${one}}`).join(', ');
  return [
    {
      ...withoutNames(`The grant ${name} on the bucket ${bucket}`, withoutExports),
      difference: difference(bucket, `Orgkeeper${name}`, { desired: names }, 'reported'),
    },
  ];
}

function compareStatements(
  { bucket, statements }: WantedGrant,
  { ours, taken }: Extract<ActualBucket, { state: 'there' }>,
): Part {
  const blocked = statements
    .filter(({ Sid }) => taken.includes(Sid))
    .map((one): Blocked => {
      const message =
        `The policy of the bucket ${bucket} has a statement ${one.Sid} that Orgkeeper is not known to have made, so it stays: ` +
        'its owner takes it out or gives it another Sid, or the baseline names the grant otherwise.';
      return { reason: 'ForeignResource', message, difference: reported(bucket, one) };
    });
  const differences = statements.flatMap((one) => {
    if (taken.includes(one.Sid)) return [];
    const [found, ...more] = ours.get(one.Sid) ?? [];
    if (found && more.length === 0 && isAsWanted(found, one)) return [];
    return [difference(bucket, one.Sid, { desired: shown(one), ...(found && { actual: cut(found.text) }) })];
  });
  return { differences, blocked };
}

/** Sids of ours that no grant names any more. A grant that cannot be written now keeps what it has. */
function droppedSids(bucket: string, found: ActualBucket, { grants }: BucketAccess): string[] {
  if (found.state !== 'there') return [];
  const kept = grants
    .filter((grant) => grant.bucket === bucket || !grant.hasBucket)
    .flatMap(({ statements }) => statements.map(({ Sid }) => Sid));
  return [...found.ours.keys()].filter((sid) => !kept.includes(sid));
}

/** Blocks what would make a policy too large; what makes it smaller is written. */
function withinSize(
  differences: readonly Difference[],
  wanted: BucketAccess,
  actual: ActualBuckets | undefined,
): Part {
  const blocked: Blocked[] = [];
  const large = [...new Set(differences.map(({ resource }) => resource))].flatMap((bucket) => {
    const found = actual?.buckets[bucket];
    const policy = found?.state === 'there' ? found.policy : undefined;
    const message = tooLarge(bucket, edited(policy, changesOf(bucket, wanted, differences)));
    return message ? [{ bucket, message }] : [];
  });
  const left = differences.filter((one) => {
    const { message } = large.find(({ bucket }) => bucket === one.resource) ?? {};
    if (!message || one.action === 'removed') return true;
    blocked.push({ reason: 'PolicyTooLarge', message, difference: { ...one, action: 'reported' } });
    return false;
  });
  return { differences: left, blocked };
}

function reported(bucket: string, statement: Statement): Difference {
  return difference(bucket, statement.Sid, { desired: shown(statement) }, 'reported');
}

function shown(statement: Statement): unknown {
  return cut(JSON.stringify(statement));
}

/** A statement by its text, as a status holds it, which holds many: of a long one the beginning of the text. */
function cut(text: string): unknown {
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : JSON.parse(text);
}

function namedLikeOurs(copies: readonly { readonly bucket: string; readonly Sid: string }[]): string[] {
  if (copies.length === 0) return [];
  const named = copies.slice(0, 10).map(({ bucket, Sid }) => `${Sid} of the bucket ${bucket}`);
  const more = copies.length > named.length ? ` and ${copies.length - named.length} more` : '';
  return [
    `NamedLikeOurs: ${named.join(', ')}${more}: a statement with such a Sid is not known to be made by Orgkeeper, and stays; ` +
      'its owner gives it another Sid, or takes it out if nobody uses it',
  ];
}

function withoutAcls(actual: ActualBuckets | undefined): string[] {
  return Object.entries(actual?.buckets ?? {}).flatMap(([bucket, found]) =>
    found.state === 'there' && found.hasNoAcls
      ? [
          `AclsDisabled: the bucket ${bucket} has ACLs disabled, so s3:PutObjectAcl has no effect there; all else that is granted has`,
        ]
      : [],
  );
}
