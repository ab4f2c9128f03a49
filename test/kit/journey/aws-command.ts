import { parseArgs } from 'node:util';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateAccountCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/** The commands of the AWS CLI that the pages use, by the SDK and the same environment. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: 'string' },
    'account-name': { type: 'string' },
    email: { type: 'string' },
    name: { type: 'string' },
    value: { type: 'string' },
    overwrite: { type: 'boolean' },
  },
});

async function answer(): Promise<object> {
  switch (positionals.join(' ')) {
    case 'events put-events':
      return new EventBridgeClient({}).send(
        new PutEventsCommand({ Entries: JSON.parse(values.entries ?? '') }),
      );
    case 'organizations create-account':
      return new OrganizationsClient({ region: 'us-east-1' }).send(
        new CreateAccountCommand({ AccountName: values['account-name'], Email: values.email }),
      );
    case 'ssm put-parameter':
      return new SSMClient({}).send(
        new PutParameterCommand({
          Name: values.name,
          Value: values.value,
          Overwrite: values.overwrite ?? false,
        }),
      );
    default:
      throw new Error(`The pages do not use aws ${positionals.join(' ')}.`);
  }
}

const { $metadata: _, ...said } = (await answer()) as Record<string, unknown>;
process.stdout.write(`${JSON.stringify(said)}\n`);
