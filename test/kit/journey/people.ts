import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { commandOf, documentedPolicy, permissionRows, personOf } from './documented-permissions.ts';
import type { TestRuntime } from './runtime.ts';

/** People who use the command line, each with exactly the permissions that `docs/operations.md` documents for the command. */

/** The environment of a user in Main, one for each command, with the documented permissions of that command and no others. */
export function peopleOf(runtime: TestRuntime): (args: readonly string[]) => Promise<Record<string, string>> {
  const iam = new IAMClient(runtime.as(runtime.accounts.main));
  const rows = permissionRows();
  const made = new Map<string, Promise<Record<string, string>>>();

  async function make(command: string): Promise<Record<string, string>> {
    const UserName = personOf(command);
    const PolicyDocument = documentedPolicy(command, rows, {
      main: runtime.accounts.main,
      region: runtime.region,
    });
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'operations.md', PolicyDocument }));
    const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return {
      ...runtime.environment(runtime.accounts.main),
      AWS_ACCESS_KEY_ID: key?.AccessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: key?.SecretAccessKey ?? '',
    };
  }

  return async (args) => {
    const command = commandOf(args, rows);
    const person = made.get(command) ?? make(command);
    made.set(command, person);
    return person;
  };
}
