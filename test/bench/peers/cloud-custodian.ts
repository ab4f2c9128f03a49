import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Peer, runCommand } from './peer.ts';

/** Of the resources that Orgkeeper made: they have this tag. */
const OURS = { 'tag:orgkeeper:name': 'present' };
const OUTPUT = 'output';

/** One policy for each type of resource of the baseline `analytics`: it lists those that are not as the baseline has them. */
const POLICIES = [
  policy('role', 'iam-role', { RoleName: 'orgkeeper-execution' }, [
    { not: [{ type: 'has-inline-policy', value: true }] },
    differs('MaxSessionDuration', 3600),
  ]),
  policy('vpc', 'vpc', OURS, [
    { type: 'vpc-attributes', dnssupport: false },
    { type: 'vpc-attributes', dnshostnames: false },
  ]),
  policy('subnet', 'subnet', OURS, [differs('CidrBlock', '10.0.0.0/20')]),
  policy('route-table', 'route-table', OURS, [
    { not: [{ type: 'value', key: "Routes[?DestinationCidrBlock=='0.0.0.0/0']", value: 'not-null' }] },
  ]),
  policy('internet-gateway', 'internet-gateway', OURS, [{ Attachments: [] }]),
  policy('endpoint', 'vpc-endpoint', OURS, [differs('VpcEndpointType', 'Gateway')]),
  policy('parameters', 'ssm-parameter', OURS, [differs('Type', 'String')]),
];

/** The organization's runner, with as many processes at once as it has by itself: four for each core. */
export const custodian: Peer = {
  name: 'Cloud Custodian',
  commands: ['c7n-org', 'custodian'],
  install: 'pip install c7n-org',
  version: ['custodian', 'version'],
  async prepare(fleet) {
    const { accounts, folder, region } = fleet;
    const entries = accounts.map((id) => ({
      name: id,
      account_id: id,
      role: `arn:aws:iam::${id}:role/OrganizationAccountAccessRole`,
      regions: [region],
    }));
    writeFileSync(join(folder, 'accounts.yml'), stringify({ accounts: entries }));
    writeFileSync(join(folder, 'policies.yml'), stringify({ policies: POLICIES }));
    const files = ['-c', 'accounts.yml', '-u', 'policies.yml', '-s', OUTPUT, '--cache-period', '0'];
    return [
      {
        name: 'Cloud Custodian, c7n-org run',
        does: 'reads each account, and lists what seven policies find',
        enters: true,
        cidr: '10.0.0.0/16',
        run: async () => void (await runCommand(['c7n-org', 'run', ...files, '--region', region], fleet)),
        names: (accountId) => {
          const found = join(folder, OUTPUT, accountId, region, 'vpc', 'resources.json');
          return JSON.parse(readFileSync(found, 'utf8')).length > 0;
        },
      },
    ];
  },
};

function policy(name: string, resource: string, those: object, wrong: readonly object[]): object {
  return { name, resource: `aws.${resource}`, filters: [those, { or: wrong }] };
}

function differs(key: string, value: unknown): object {
  return { type: 'value', key, op: 'ne', value };
}
