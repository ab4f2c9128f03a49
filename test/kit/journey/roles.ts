import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import type { TestRuntime } from './runtime.ts';

type Settings = ReturnType<TestRuntime['as']>;
type Statements = readonly Readonly<Record<string, unknown>>[];
const NOBODY = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' };

/** Changes the trust policy of a role by hand (without statements, the role trusts nobody). Returns a function that restores it. */
export async function retrust(
  settings: Settings,
  RoleName: string,
  change: (statements: Statements) => Statements,
): Promise<() => Promise<unknown>> {
  const iam = new IAMClient(settings);
  const before = await trustOf(iam, RoleName);
  const put = (document: object) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(document) }));
  const changed = change([before.Statement].flat());
  await put({ Version: '2012-10-17', Statement: changed.length > 0 ? changed : [NOBODY] });
  return () => put(before);
}

/** Deletes a role with inline policies by hand. Returns a function that makes a role with the same name and content. */
export async function deleteRole(settings: Settings, RoleName: string): Promise<() => Promise<unknown>> {
  const iam = new IAMClient(settings);
  const trust = JSON.stringify(await trustOf(iam, RoleName));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const policies = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
  );
  for (const PolicyName of PolicyNames) await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
  return async () => {
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    for (const { PolicyName, PolicyDocument = '' } of policies) {
      const document = decodeURIComponent(PolicyDocument);
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
    }
  };
}

async function trustOf(iam: IAMClient, RoleName: string): Promise<{ Statement: Statements }> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
}
