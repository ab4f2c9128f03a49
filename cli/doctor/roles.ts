import { randomUUID } from 'node:crypto';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import type { Config } from '../../shared/deployment/config.ts';
import { arns, ORGANIZATION_ROLES } from '../../shared/deployment/names.ts';
import { AccessDenied } from '../../shared/domain/errors.ts';
import type { AccountStatus, Condition } from '../../shared/domain/status.ts';
import { trustAdmits } from '../../shared/policy/assume-role.ts';
import { loadAccount, recordPages } from '../../shared/store/accounts.ts';
import { explain, Failure } from '../failure.ts';
import {
  combined,
  type DoctorCheck,
  failed,
  ok,
  PUT_BACK_MAIN,
  PUT_BACK_MANAGEMENT,
  unlessMissing,
} from './check.ts';
import { type Examined, Unseen } from './examined.ts';

/** Whether the roles exist, and admit the intended principals and nobody else. */
export const roles: readonly DoctorCheck[] = [
  {
    name: 'api-role',
    async look(examined) {
      const { apiRoleArn } = examined.config;
      try {
        examined.api();
        return ok('You may assume the API role.');
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return failed(
          `You may not assume the API role ${apiRoleArn}, which doctor, plan and credentials need.`,
          'Name yourself in context `operators` and deploy Main again; your own permissions must allow sts:AssumeRole.',
        );
      }
    },
  },
  {
    name: 'inspecting-role',
    async look(examined) {
      const { config, session } = examined;
      if (isManagement(config)) return ok(NONE_NEEDED);
      const access = apiAccess(examined);
      const { organizationExternalId: externalId } = config;
      const arn = config.organizationRoleArns.inspecting;
      if (!(await assumable(() => access.tryRole(arn, { name: session }, externalId)))) {
        return failed(
          `The API role cannot assume the inspecting role ${arn} with its ExternalId: the management account cannot be inspected.`,
          `Deploy it in the management account, with the same context: \`npm run deploy:management\`. If it exists: ${PUT_BACK_MANAGEMENT}`,
        );
      }
      for (const [how, id] of [
        ['without an ExternalId', undefined],
        ['with a wrong ExternalId', randomUUID()],
      ] as const) {
        if (!(await assumable(() => access.tryRole(arn, { name: session }, id)))) continue;
        return failed(`The inspecting role ${arn} can be assumed ${how}.`, PUT_BACK_MANAGEMENT);
      }
      return ok('The inspecting role can be assumed with its ExternalId, and not without it.');
    },
  },
  {
    name: 'organization-roles',
    async look({ config, management }) {
      if (isManagement(config)) return ok(NONE_NEEDED);
      const { iam } = await management();
      const findings = USED_BY_FUNCTIONS.map(async (purpose) => {
        const RoleName = ORGANIZATION_ROLES[purpose];
        const found = await unlessMissing(iam.send(new GetRoleCommand({ RoleName })));
        const trust = decodeURIComponent(found?.Role?.AssumeRolePolicyDocument ?? '');
        const problem = found ? organizationRoleProblem(purpose, trust, config) : 'does not exist';
        if (!problem) return undefined;
        return failed(
          `The organization role ${config.organizationRoleArns[purpose]} ${problem}.`,
          `Deploy it: \`npm run deploy:management\`. If that changes nothing: ${PUT_BACK_MANAGEMENT}`,
        );
      });
      return combined(
        await Promise.all(findings),
        'Each organization role admits the functions that use it, with its ExternalId, and no other role of Main.',
      );
    },
  },
  {
    name: 'runner-role',
    async look({ config, main }) {
      const name = config.runnerRoleArn.split('/').at(-1) ?? '';
      const found = await unlessMissing(main.iam.send(new GetRoleCommand({ RoleName: name })));
      return found
        ? ok('The runner role exists.')
        : failed(
            `The runner role ${config.runnerRoleArn} does not exist: no run is possible, and no account can be entered by its execution role.`,
            `${PUT_BACK_MAIN} Then \`orgkeeper sweep\`: every execution role must trust the new runner role.`,
          );
    },
  },
  {
    name: 'account-access',
    async look(examined) {
      const seen = await oneAccount(examined);
      if (!seen)
        return {
          is: 'skipped',
          message: 'No account that is entered through the organization has had a run yet.',
        };
      const { accountId, conditions, lastPass } = seen;
      const denied = entryDenied(conditions);
      return denied
        ? failed(
            `Account ${accountId} could not be entered at ${lastPass?.startedAt}: ${denied.message}`,
            `After the correction: \`orgkeeper sweep ${accountId} --wait\`.`,
          )
        : ok(`Account ${accountId} was entered at ${lastPass?.startedAt}.`);
    },
  },
];

const NONE_NEEDED = 'Not needed: Main is the management account.';
const isManagement = ({ mainAccountId, managementAccountId }: Config) =>
  mainAccountId === managementAccountId;

/** The API role cannot assume these, so their trust policies are evaluated instead. */
const USED_BY_FUNCTIONS = ['reading', 'creating', 'entering'] as const;

/**
 * What is wrong with the trust policy of an organization role, as the rest of a sentence; undefined if nothing. It must admit the
 * role's users, only with the ExternalId, and no other role of Main. Pure.
 */
export function organizationRoleProblem(
  purpose: (typeof USED_BY_FUNCTIONS)[number],
  trust: string,
  config: Config,
): string | undefined {
  const { organizationRoleUsers: users, roles } = arns(config);
  const { organizationId, organizationExternalId: externalId, region } = config;
  const roleArn = config.organizationRoleArns[purpose];
  const admits = (callerRoleArn: string, id?: string) =>
    trustAdmits(trust, {
      roleArn,
      callerRoleArn,
      organizationId,
      region,
      ...(id !== undefined && { externalId: id }),
    });
  const refused = users[purpose].find((user) => !admits(user, externalId));
  if (refused) return `does not admit ${refused} with its ExternalId`;
  if (users[purpose].some((user) => admits(user))) return 'can be assumed without an ExternalId';
  if (users[purpose].some((user) => admits(user, randomUUID())))
    return 'can be assumed with a wrong ExternalId';
  const other = roles.find((role) => !users[purpose].includes(role) && admits(role, externalId));
  return other && `admits ${other}, which has no use for it`;
}

/** Reasons that mean that the account cannot be entered through the organization. */
const ENTRY_DENIED = new Set(['OrganizationRoleDenied', 'AccessRoleDenied', 'AccessRoleNotReady']);

/** The condition that says that the account could not be entered; undefined if it could. Pure. */
export function entryDenied(conditions: readonly Condition[]): Condition | undefined {
  const unseen = conditions.some(({ reason }) => reason === 'NotObserved');
  return conditions.find(
    // An organization policy may also deny only the execution role: then the account was observed.
    ({ reason }) => ENTRY_DENIED.has(reason) || (unseen && reason === 'DeniedByOrganizationPolicy'),
  );
}

function apiAccess(examined: Examined) {
  try {
    return examined.api();
  } catch (error) {
    throw new Unseen(`This check needs the API role: ${explain(error)}`);
  }
}

async function assumable(assume: () => Promise<unknown>): Promise<boolean> {
  try {
    await assume();
    return true;
  } catch (error) {
    if (error instanceof AccessDenied) return false;
    throw error;
  }
}

/** The status of the first managed account that is entered through the organization and has had a run. */
async function oneAccount({ table }: Examined): Promise<AccountStatus | undefined> {
  for await (const page of recordPages(table)) {
    const kept = page.items.filter(
      ({ lifecycle, executionRoleArn }) => lifecycle === 'managed' && !executionRoleArn,
    );
    for (const { accountId } of kept) {
      const { status } = await loadAccount(table, accountId);
      if (status?.lastPass) return status;
    }
  }
  return undefined;
}
