import { AddRoleToInstanceProfileCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateAccountCommand } from '@aws-sdk/client-organizations';
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  createReader,
  type Listener,
  type ResourceReader,
} from '../../../local/gateway/authorization/reader.ts';
import type { Upstream } from '../../../local/gateway/upstream.ts';
import type { AnyClient } from '../../../shared/aws/watch.ts';
import { answering, onEach } from '../../kit/sdk.ts';
import { ACCOUNT, clients, recorded } from './recorded.ts';

let reads: string[];
let reader: ResourceReader & Listener;

/** An emulator that has every role, in an organization. */
const answers = onEach(
  ['iam:GetRole', 'organizations:DescribeOrganization'],
  (call, { RoleName }: { RoleName?: string }) => {
    reads.push([`${call.split(':')[1]}Command`, RoleName].join(' ').trim());
    const Arn = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
    return { Role: { Arn }, Organization: { Id: 'o-abc', MasterAccountId: ACCOUNT } };
  },
);
const upstream = {
  client: (Client: new (settings: object) => AnyClient) =>
    answering(new Client({ region: 'us-east-1' }), ...answers),
} as unknown as Upstream;

beforeEach(() => {
  reads = [];
  reader = createReader(upstream);
});

const role = (name: string) => reader.named('role', ACCOUNT, name);

describe('createReader', () => {
  it('reads a role once, until somebody writes to it', async () => {
    expect(await role('app')).toEqual({ arn: `arn:aws:iam::${ACCOUNT}:role/app` });
    await role('app');
    await role('other');
    reader.after(await recorded(clients.iam, new GetRoleCommand({ RoleName: 'app' })));
    await role('app');
    expect(reads).toEqual(['GetRoleCommand app', 'GetRoleCommand other']);
    const write = { RoleName: 'app', PolicyName: 'p', PolicyDocument: '{}' };
    reader.after(await recorded(clients.iam, new PutRolePolicyCommand(write)));
    await Promise.all([role('app'), role('other')]);
    expect(reads.slice(2)).toEqual(['GetRoleCommand app']);
  });

  it('drops every role after a write that may make roles that it does not name', async () => {
    await role('OrganizationAccountAccessRole');
    const account = { AccountName: 'a', Email: 'a@example.com' };
    reader.after(await recorded(clients.organizations, new CreateAccountCommand(account)));
    await role('OrganizationAccountAccessRole');
    expect(reads).toHaveLength(2);
  });

  it('reads the organization of an account once, until somebody writes to Organizations', async () => {
    const expected = { id: 'o-abc', managementAccountId: ACCOUNT };
    expect(await reader.organization(ACCOUNT)).toEqual(expected);
    await reader.organization(ACCOUNT);
    const other = new AddRoleToInstanceProfileCommand({ InstanceProfileName: 'i', RoleName: 'app' });
    reader.after(await recorded(clients.iam, other));
    await reader.organization(ACCOUNT);
    expect(reads).toHaveLength(1);
    const account = { AccountName: 'a', Email: 'a@example.com' };
    reader.after(await recorded(clients.organizations, new CreateAccountCommand(account)));
    await reader.organization(ACCOUNT);
    expect(reads).toHaveLength(2);
  });
});
