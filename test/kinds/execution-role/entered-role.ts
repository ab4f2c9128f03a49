import { executionRole } from '../../../controllers/kinds/execution-role/kind.ts';
import type { ActualRole } from '../../../controllers/kinds/execution-role/observe.ts';
import { ExecutionRoleSection } from '../../../controllers/kinds/execution-role/wanted.ts';
import { kindAccount } from '../../../controllers/kinds/kind-account.ts';
import { network } from '../../../controllers/kinds/network/kind.ts';
import { parameters } from '../../../controllers/kinds/parameters/kind.ts';
import { aConfig, aRecord, MEMBER } from '../../kit/factories.ts';

/** The role by which a sample account is entered: as rendered, as the member template makes it, and as its owner may. */

export const ROLE_ARN = `arn:aws:iam::${MEMBER}:role/orgkeeper-execution/theirs`;
export const config = aConfig();
export const { externalId } = aRecord();
export const kept = [executionRole, network, parameters].map((kind) => ({ kind, section: {} }));
export const account = kindAccount(aRecord({ executionRoleArn: ROLE_ARN }), config, kept);
export const { entry } = account;
export const trust = (principal: string, asked = externalId) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': asked } },
    },
  ],
});
export const ofOrganization = (id: string) => {
  const { Version, Statement } = trust(config.runnerRoleArn);
  const Condition = { StringEquals: { 'sts:ExternalId': externalId, 'aws:PrincipalOrgID': id } };
  return { Version, Statement: Statement.map((one) => ({ ...one, Condition })) };
};
export const allow = (...Action: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
});
export const section = {
  name: 'orgkeeper-execution',
  trustPolicy: trust(config.runnerRoleArn),
  inlinePolicies: { data: allow('s3:GetObject', 's3:PutObject') },
};
/** Allows everything but what is asked of another region. */
export const guard = (region: string) => ({
  Version: '2012-10-17' as const,
  Statement: [
    {
      Sid: 'Regions',
      Effect: 'Deny',
      NotAction: ['iam:*', 'sts:*', 'organizations:*'],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': [region] } },
    },
    { Effect: 'Allow', Action: '*', Resource: '*' },
  ] as const,
});
export const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));

export const rendered = (changes: object = {}) =>
  executionRole.render(ExecutionRoleSection.parse({ ...section, ...changes }), () => undefined, account);

/** As it is after the template was deployed. */
export function asMade(changes: Partial<ActualRole> = {}): ActualRole {
  const wanted = rendered();
  const { arn, name, path, description, maxSessionDuration, tags } = wanted;
  return {
    ...{ arn, name, path, description, maxSessionDuration, tags },
    trustPolicy: encoded(wanted.trustPolicy),
    inlinePolicies: Object.fromEntries(
      Object.entries(wanted.inlinePolicies).map(([key, document]) => [key, encoded(document)]),
    ),
    managedPolicies: [],
    permissionsBoundary: undefined,
    ...changes,
  };
}

/** As its owner made it, with these documents. */
export function asOwnerMade(
  inline: object,
  changes: Partial<ActualRole> = {},
  managed: Record<string, object> = {},
) {
  const documents = Object.entries(managed).map(([arn, document]) => [arn, encoded(document)]);
  const ownerManaged = { inline: { mine: encoded(inline) }, managed: Object.fromEntries(documents) };
  return asMade({ tags: {}, inlinePolicies: { mine: encoded(inline) }, ownerManaged, ...changes });
}
