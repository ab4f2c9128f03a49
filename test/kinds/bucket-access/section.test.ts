import { describe, expect, it } from '@jest/globals';
import { parseBaseline } from '../../../controllers/kinds/baseline.ts';
import { BucketAccessSection, render } from '../../../controllers/kinds/bucket-access/section.ts';
import { kinds } from '../../../controllers/kinds/index.ts';
import { memberAccount } from '../../kit/kind-context.ts';

const ROLE = 'arn:aws:iam::111122223333:role/reader';
const grant = { name: 'Readers', bucket: 'acme-lake', roles: [ROLE], access: 'read' };

const problemsOf = (section: unknown, head = '') => {
  const text = `name: x\n${head}\nbucketAccess: ${JSON.stringify(section)}`;
  const parsed = parseBaseline(text, kinds);
  return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path} ${message}`) : [];
};

describe('bucketAccess: of a baseline', () => {
  it.each([
    ['a bucket name that is none', { bucket: 'Acme_Lake' }, /bucketAccess\[0\]\.bucket a bucket name is/],
    ['an address as a bucket name', { bucket: '10.0.0.1' }, /\.bucket a bucket name is/],
    ['the alias of an access point', { bucket: 'lake-1234-s3alias' }, /\.bucket a bucket name is/],
    ['a role without its ARN', { roles: ['reader'] }, /\.roles\[0\] a role is written as its whole ARN/],
    ['roles by a wildcard', { roles: ['arn:aws:iam::111122223333:role/*'] }, /\.roles\[0\] a role is/],
    ['everybody', { roles: ['*'] }, /\.roles\[0\] a role is/],
    ['a whole account', { roles: ['arn:aws:iam::111122223333:root'] }, /\.roles\[0\] a role is/],
    ['no role', { roles: [] }, /\.roles a grant names at least one role/],
    ['a role of another partition', { roles: ['arn:aws-cn:iam::111122223333:role/a'] }, /partition aws-cn/],
    ['a name with a dash', { name: 'the-readers' }, /\.name a name is letters and digits/],
    ['both access and allow', { allow: { bucket: ['s3:ListBucket'] } }, /exactly one of access and allow/],
    ['neither', { access: undefined }, /exactly one of access and allow/],
    ['no action', { access: undefined, allow: {} }, /\.allow names no action/],
    [
      'an action of another service',
      { access: undefined, allow: { objects: ['ec2:RunInstances'] } },
      /of S3/,
    ],
    ['a key that it does not know', { prefix: 'a/' }, /prefix/],
  ])('refuses %s, with its path', (_, change, message) => {
    expect(problemsOf([{ ...grant, ...change }])).toEqual([expect.stringMatching(message)]);
  });

  it('refuses two grants of one name on a bucket, and takes them on two', () => {
    expect(problemsOf([grant, grant])).toEqual([expect.stringMatching(/\[1\]\.name is named twice/)]);
    expect(problemsOf([grant, { ...grant, bucket: 'acme-logs' }])).toEqual([]);
  });

  it('refuses a bucket of one region where the baseline lists several', () => {
    const regions = 'regions: [eu-west-1, us-east-1]';
    expect(problemsOf([grant], regions)).toEqual([expect.stringMatching(/bucket of one region/)]);
    expect(problemsOf([{ ...grant, bucket: 'acme-${region}' }], regions)).toEqual([]);
  });
});

describe('render of bucketAccess', () => {
  const rendered = (section: unknown, values: Record<string, string> = {}) =>
    render(BucketAccessSection.parse(section), (name) => values[name], memberAccount).grants;

  it('writes the two statements of the shorthand', () => {
    const [one] = rendered([{ ...grant, access: 'readWrite', roles: [ROLE, '${writer}', ROLE] }], {
      writer: 'arn:aws:iam::222233334444:role/a/writer',
    });
    const Principal = { AWS: [ROLE, 'arn:aws:iam::222233334444:role/a/writer'] };
    expect(one?.statements).toEqual([
      {
        Sid: 'OrgkeeperReadersBucket',
        Effect: 'Allow',
        Principal,
        Action: ['s3:GetBucketLocation', 's3:ListBucket'],
        Resource: 'arn:aws:s3:::acme-lake',
      },
      {
        Sid: 'OrgkeeperReadersObjects',
        Effect: 'Allow',
        Principal,
        Action: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetObject', 's3:DeleteObject'],
        Resource: 'arn:aws:s3:::acme-lake/*',
      },
    ]);
  });

  it('writes only the reading part for readers', () => {
    const [one] = rendered([grant]);
    expect(one?.statements.map(({ Action }) => Action)).toEqual([
      ['s3:GetBucketLocation', 's3:ListBucket'],
      ['s3:GetObject'],
    ]);
  });

  it('waits for a name that is not known, and says what is not valid once it is', () => {
    const section = [
      { ...grant, bucket: '${values.lake}' },
      { ...grant, roles: ['${roles.x.arn}'] },
    ];
    expect(rendered(section)).toMatchObject([
      { waitsFor: ['values.lake'], hasBucket: false },
      { waitsFor: ['roles.x.arn'], hasBucket: true },
    ]);
    expect(rendered(section, { 'values.lake': 'No Bucket', 'roles.x.arn': 'x' })).toMatchObject([
      { waitsFor: [], hasBucket: false, problems: [{ path: 'bucketAccess[0].bucket' }] },
      { waitsFor: [], hasBucket: true, problems: [{ path: 'bucketAccess[1].roles[0]' }] },
    ]);
  });

  it('grants nothing to an import that nobody exports, and the rest to the others', () => {
    const section = [grant, { ...grant, bucket: 'acme-logs' }].map((one, at) => ({
      ...one,
      roles: at === 0 ? [ROLE, '${imports.x}'] : ['${imports.x}'],
    }));
    const [some, none] = rendered(section);
    expect(some).toMatchObject({ waitsFor: [], withoutExports: ['imports.x'], problems: [] });
    expect(some?.statements.map(({ Principal }) => Principal.AWS)).toEqual([[ROLE], [ROLE]]);
    expect(none).toMatchObject({ withoutExports: ['imports.x'], statements: [] });
  });

  it('finds grants that have one name on a bucket only once its name is filled in', () => {
    const section = [grant, { ...grant, bucket: '${values.lake}' }];
    expect(rendered(section, { 'values.lake': 'acme-lake' })).toMatchObject([
      { problems: [] },
      { problems: [{ path: 'bucketAccess[1].name' }] },
    ]);
  });
});
