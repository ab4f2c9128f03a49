import {
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { bucketAccess } from '../../../controllers/kinds/bucket-access/kind.ts';
import { BucketAccessSection } from '../../../controllers/kinds/bucket-access/section.ts';
import type { Comparison } from '../../../controllers/kinds/kind.ts';
import { kindContext, memberAccount } from '../../kit/kind-context.ts';
import { awsError, on } from '../../kit/sdk.ts';

const ROLE = 'arn:aws:iam::111122223333:role/writer';
const grant = (bucket: string) => ({ name: 'Writers', bucket, roles: [ROLE], access: 'readWrite' });
const wanted = (...buckets: string[]) =>
  bucketAccess.render(BucketAccessSection.parse(buckets.map(grant)), () => undefined, memberAccount);
const theirs = (more = '') => `{"Sid":"Theirs","Effect":"Deny","Action":"s3:*"${more}}`;
const policyOf = (...statements: string[]) => `{"Statement":[${statements.join()}]}`;

/** A run over buckets whose policies are read so, and refused so when they are written. */
async function run(
  policies: Readonly<Record<string, () => string | undefined>>,
  { refuse, enforced = false }: { refuse?: () => Error; enforced?: boolean } = {},
) {
  const puts: string[] = [];
  const kit = kindContext([
    on(GetBucketPolicyCommand, ({ Bucket = '' }) => {
      const Policy = policies[Bucket]?.();
      if (Policy === undefined) throw awsError('NoSuchBucketPolicy');
      return { Policy };
    }),
    on(GetBucketOwnershipControlsCommand, () => {
      if (!enforced) throw awsError('OwnershipControlsNotFoundError');
      return { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] } };
    }),
    on(PutBucketPolicyCommand, ({ Policy = '' }) => {
      if (refuse) throw refuse();
      puts.push(Policy);
      return {};
    }),
  ]);
  const section = wanted(...Object.keys(policies));
  const seen = await bucketAccess.observe(section, kit.context);
  const actual = seen.state === 'present' ? seen.actual : undefined;
  const comparison: Comparison = bucketAccess.diff(section, actual);
  const { differences } = comparison;
  const applied = async () => {
    if (differences.length > 0) {
      await bucketAccess.apply({ wanted: section, actual, differences }, kit.context);
    }
  };
  const error: unknown = await applied().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { ...kit, seen, comparison, puts, error };
}

describe('observe of bucketAccess', () => {
  it.each(['PermanentRedirect', 'AuthorizationHeaderMalformed', 'TemporaryRedirect'])(
    'says that a bucket is in another region, when S3 answers %s, and manages the others',
    async (name) => {
      const elsewhere = () => {
        throw awsError(name);
      };
      const { comparison, puts } = await run({ far: elsewhere, near: () => undefined });
      expect(comparison.blocked).toMatchObject([
        { reason: 'BucketElsewhere', message: expect.stringContaining('far is in another region') },
        { reason: 'BucketElsewhere' },
      ]);
      expect(puts).toHaveLength(1);
    },
  );

  it('looks again after an hour for a bucket that does not exist, and manages the others', async () => {
    const missing = () => {
      throw awsError('NoSuchBucket');
    };
    const { comparison, puts } = await run({ gone: missing, near: () => undefined });
    expect(comparison).toMatchObject({
      blocked: [{ reason: 'BucketMissing' }, { reason: 'BucketMissing' }],
      runAgainAfterSeconds: 3_600,
    });
    expect(puts).toHaveLength(1);
    expect((await run({ near: () => undefined })).comparison.runAgainAfterSeconds).toBeUndefined();
  });

  it('says which bucket refuses, and manages the others', async () => {
    const refused = () => {
      throw awsError('AccessDenied');
    };
    const { comparison, puts } = await run({ secret: refused, lake: () => undefined });
    expect(comparison.blocked[0]).toMatchObject({
      reason: 'AccessDenied',
      difference: { resource: 'secret', action: 'reported' },
    });
    expect(puts).toHaveLength(1);
  });

  it('fails as a whole when every bucket refuses, since the session may be what is refused', async () => {
    const refused = () => {
      throw awsError('AccessDenied');
    };
    await expect(run({ secret: refused })).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('reads a bucket that is right once, and the bucket of nobody else', async () => {
    const first = await run({ lake: () => policyOf(theirs()) });
    const { sent, comparison } = await run({ lake: () => first.puts[0] });
    expect(comparison).toMatchObject({ differences: [], blocked: [] });
    expect(sent).toMatchObject([
      { name: 'GetBucketPolicy', input: { Bucket: 'lake', ExpectedBucketOwner: memberAccount.accountId } },
    ]);
  });

  it('shows a statement as an object, and the beginning of the text of one that is long', async () => {
    const { comparison } = await run({ lake: () => undefined });
    expect(comparison.differences[0]?.desired).toEqual({
      Sid: 'OrgkeeperWritersBucket',
      Effect: 'Allow',
      Principal: { AWS: [ROLE] },
      Action: ['s3:GetBucketLocation', 's3:ListBucket'],
      Resource: 'arn:aws:s3:::lake',
    });
    const roles = Array.from({ length: 20 }, (_, index) => `${ROLE}-${index}`);
    const many = bucketAccess.render(
      BucketAccessSection.parse([{ ...grant('lake'), roles }]),
      () => undefined,
      memberAccount,
    );
    expect(bucketAccess.diff(many, undefined).differences[0]?.desired).toMatch(
      /^\{"Sid":.*… \(\d+ characters\)$/,
    );
  });

  it('warns of ACLs that are disabled where it grants PutObjectAcl', async () => {
    const { comparison, puts } = await run({ lake: () => undefined }, { enforced: true });
    expect(comparison.warnings).toEqual([expect.stringMatching(/^AclsDisabled: the bucket lake/)]);
    expect(puts).toHaveLength(1);
  });
});

describe('apply of bucketAccess', () => {
  it('writes into the policy as it is then, when somebody changed it since it was read', async () => {
    const read = [policyOf(theirs()), policyOf(theirs(), theirs().replace('Theirs', 'New'))];
    const { puts } = await run({ lake: () => read.shift() });
    expect(puts).toEqual([
      expect.stringContaining(policyOf(theirs(), theirs().replace('Theirs', 'New')).slice(0, -2)),
    ]);
  });

  it('writes nothing when the policy is right by then', async () => {
    const right = (await run({ lake: () => policyOf(theirs()) })).puts[0];
    const read = [policyOf(theirs()), right];
    const { puts, error, outputs } = await run({ lake: () => read.shift() });
    expect({ puts, error }).toEqual({ puts: [], error: undefined });
    expect(outputs).toEqual({ 'bucketAccess.lake': 'OrgkeeperWritersBucket OrgkeeperWritersObjects' });
  });

  it('starts over when somebody took its Sid in between', async () => {
    const read = [policyOf(theirs()), policyOf(theirs().replace('Theirs', 'OrgkeeperWritersBucket'))];
    const { puts, error } = await run({ lake: () => read.shift() });
    expect(puts).toEqual([]);
    expect(error).toMatchObject({ name: 'Conflict' });
  });

  it('waits for a role that does not exist yet', async () => {
    const refuse = () => awsError('MalformedPolicy', 'Invalid principal in policy');
    const { error, sent } = await run({ lake: () => undefined }, { refuse });
    expect(error).toMatchObject({
      name: 'NotYetConsistent',
      reason: 'PrincipalMissing',
      message: expect.stringContaining('A role that is granted access to the bucket lake does not exist'),
    });
    // Each attempt reads again what it is about to replace.
    const calls = sent.slice(2).map(({ name }) => name);
    expect(calls.slice(0, 4)).toEqual([
      'GetBucketPolicy',
      'PutBucketPolicy',
      'GetBucketPolicy',
      'PutBucketPolicy',
    ]);
  });

  it('says that a principal of others is gone, when that is what S3 refuses', async () => {
    const refuse = () => awsError('MalformedPolicy', 'Invalid principal in policy');
    const stale = theirs(',"Principal":{"AWS":"AROAEXAMPLEID12345678"}');
    const { error } = await run({ lake: () => policyOf(stale) }, { refuse });
    expect(error).toMatchObject({
      reason: 'PrincipalMissing',
      message: expect.stringContaining('another statement in it names a principal that was deleted'),
    });
  });

  it('says that Block Public Access refuses the policy, because a statement of others is public', async () => {
    const refuse = () => awsError('AccessDenied', 'Access Denied');
    const open = theirs(',"Principal":"*"');
    const { error } = await run({ lake: () => policyOf(open) }, { refuse });
    expect(error).toMatchObject({ name: 'AccessDenied', reason: 'PublicPolicyBlocked' });
    const plain = await run({ lake: () => policyOf(theirs()) }, { refuse });
    expect(plain.error).toMatchObject({ name: 'AccessDenied', reason: 'AccessDenied' });
  });

  it('writes the other buckets when one is refused', async () => {
    let count = 0;
    const refuse = () => {
      count += 1;
      return count === 1 ? awsError('OperationAborted') : awsError('MalformedPolicy', 'no such action');
    };
    const { error } = await run({ lake: () => undefined, logs: () => undefined }, { refuse });
    expect(count).toBe(2);
    expect(error).toMatchObject({
      name: 'Conflict',
      message: expect.stringMatching(/OperationAborted.* bucket logs: no such action/),
    });
  });
});
