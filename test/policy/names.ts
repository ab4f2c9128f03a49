/**
 * Few names, so that random policies and requests meet often: every action, resource, principal and condition
 * value of a request is one that some pattern of a policy stands for.
 */
export const actions = ['s3:Get', 's3:GetTag', 'S3:put', 'ec2:Run', 'sts:AssumeRole', 'kms:Decrypt'];
export const actionPatterns = [
  ...actions,
  '*',
  's3:*',
  's3:Get*',
  'S3:GET',
  's3:?et',
  '*:*',
  'ec2:R*n',
  'sts:*',
  '*:*t*',
  's3:G??*',
];
export const account = '123456789012';
export const other = '210987654321';
export const resources = [
  'arn:aws:s3:::a/x',
  'arn:aws:s3:::a/X',
  'arn:aws:s3:::b/ann',
  'arn:aws:s3:::b/a*',
  `arn:aws:sqs:r:${account}:q`,
  `arn:aws:kms:r:${account}:key/k`,
  `arn:aws:iam::${account}:role/e`,
  'a',
];
export const resourcePatterns = [
  ...resources,
  '*',
  'arn:aws:s3:::a/*',
  'arn:aws:s3:::a/?',
  'arn:aws:s3:::*',
  'arn:aws:s3:::?/x',
  'arn:aws:s3:::b/${aws:username}',
  "arn:aws:s3:::b/${a:k, 'ann'}",
  'arn:aws:s3:::b/${A:K}*',
  'arn:aws:s3:::b/a${*}',
  'arn:*',
  'arn:aws:*:r:*:q',
  'arn:aws:s?s:*',
  'arn:aws:*:*:*:*',
  '**:a/*',
  'arn:aws:s3*x',
];
export const role = `arn:aws:iam::${account}:role/x`;
export const session = `arn:aws:sts::${account}:assumed-role/x/s`;
export const roleId = 'AROAEXAMPLEEXAMPLE123';
export const userId = 'AIDAEXAMPLEEXAMPLE123';
export const requesters = [
  { arn: `arn:aws:iam::${account}:user/ann`, uniqueId: userId },
  { arn: `arn:aws:iam::${account}:role/path/x` },
  { arn: session, uniqueId: roleId },
  { arn: session, roleArn: `arn:aws:iam::${account}:role/path/x` },
  { arn: `arn:aws:iam::${account}:root` },
  { arn: `arn:aws:sts::${account}:federated-user/ann` },
  { arn: `arn:aws:iam::${other}:user/ann` },
  { arn: `arn:aws:sts::${other}:assumed-role/x/s` },
  { arn: 'ec2.amazonaws.com', type: 'Service' },
  { arn: `arn:aws:iam::${account}:saml-provider/p`, type: 'Federated' },
] as const;
export const awsNames = [
  ...requesters.slice(0, 8).map((each) => each.arn),
  '*',
  account,
  `arn:aws:iam::${account}:root`,
  `arn:aws-cn:iam::${account}:root`,
  other,
  role,
  userId,
  roleId,
];
/** What a condition on aws:PrincipalArn asks for. */
export const principalArns = [role, `arn:aws:iam::${account}:role/*`, `arn:aws:iam::${account}:*`, '*'];
export const values = [
  '1',
  '2',
  '1.0',
  'ann',
  'Ann',
  'a*',
  'a?n',
  'true',
  'False',
  '10.0.0.1',
  '10.0.0.0/8',
  '2001:db8::/32',
  '2001:db8::1',
  '2026-01-01T00:00:00Z',
  '1767225600',
  '${aws:username}',
  "${a:k, 'ann'}",
  '${*}',
  'QQ==',
  'arn:aws:s3:::a',
  'arn:aws:s3:::*',
  'arn:aws:*:::a',
  '*',
  '',
];
export const bases = [
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLike',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'NumericEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'NumericNotEquals',
  'DateEquals',
  'DateGreaterThan',
  'DateLessThanEquals',
  'BinaryEquals',
  'Bool',
  'IpAddress',
  'NotIpAddress',
  'ArnLike',
  'ArnEquals',
  'ArnNotEquals',
  'ArnNotLike',
];
export const keys = ['a:k', 'A:K', 'b:k', 'aws:PrincipalArn', 'aws:username'];
