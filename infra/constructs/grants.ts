import { aws_iam as iam, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Permission } from '../../shared/deployment/permissions.ts';

/** Attaches exactly these statements to the role, as one inline policy. A wildcard needs a reason for cdk-nag. */
export function attach(
  scope: Construct,
  id: string,
  role: iam.IRole,
  grants: Permission[],
  policyName = 'orgkeeper',
): iam.Policy {
  const policy = new iam.Policy(scope, id, {
    policyName,
    roles: [role],
    statements: grants.map(
      ({ sid, actions, resources, conditions }) =>
        new iam.PolicyStatement({ sid, actions, resources, ...(conditions && { conditions }) }),
    ),
  });
  for (const { resources, because: reason } of grants) {
    for (const resource of reason ? resources.filter((one) => one.includes('*')) : []) {
      Validations.of(policy).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${resource}]`,
        reason: reason ?? '',
      });
    }
  }
  return policy;
}
