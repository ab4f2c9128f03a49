import { DescribeOrganizationCommand, type Organization } from '@aws-sdk/client-organizations';
import type { Config } from '../../shared/deployment/config.ts';
import { arns, NAMES } from '../../shared/deployment/names.ts';
import { type CheckResult, type DoctorCheck, failed, ok, PUT_BACK_MANAGEMENT } from './check.ts';
import { readRule, ruleProblem } from './events.ts';

/** Whether the organization is the configured one, and its events are forwarded. */
export const organization: readonly DoctorCheck[] = [
  {
    name: 'organization',
    async look({ config, management }) {
      const { organizations } = await management();
      const { Organization: found } = await organizations.send(new DescribeOrganizationCommand({}));
      return organizationFinding(found, config);
    },
  },
  {
    name: 'forwarding',
    async look({ config, management }) {
      const { events } = await management();
      const rule = await readRule(events, NAMES.forwardingRule);
      const where = `in account ${config.managementAccountId}, region ${config.organizationsRegion}`;
      if (!rule) {
        return failed(
          `There is no rule ${NAMES.forwardingRule} ${where}: no event of the organization arrives, and new accounts are found by the hourly listing only.`,
          `Deploy it: \`npm run deploy:management\`. If that changes nothing: ${PUT_BACK_MANAGEMENT}`,
        );
      }
      const problem = ruleProblem(rule, {
        target: arns(config).bus,
        source: 'aws.organizations',
        eventName: 'CreateAccountResult',
      });
      return problem
        ? failed(`The rule ${NAMES.forwardingRule} ${where} ${problem}.`, PUT_BACK_MANAGEMENT)
        : ok("The organization's events are forwarded to Main's bus.");
    },
  },
];

/** Whether this is the configured organization, with all features enabled. Pure. */
export function organizationFinding(found: Organization | undefined, config: Config): CheckResult {
  if (found?.Id !== config.organizationId || found.MasterAccountId !== config.managementAccountId) {
    return failed(
      `The management account ${config.managementAccountId} belongs to organization ${found?.Id}, managed by ${found?.MasterAccountId}; this deployment is for ${config.organizationId}.`,
      'Set `organizationId` and `managementAccountId` in the context, and deploy Main and management again.',
    );
  }
  if (found.FeatureSet !== 'ALL') {
    return failed(
      `The organization ${found.Id} has only consolidated billing features, so it sends no events and its accounts have no access role.`,
      'Enable all features, in the management account: `aws organizations enable-all-features`.',
    );
  }
  return ok(`The organization ${found.Id} has all features enabled.`);
}
