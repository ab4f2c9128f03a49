import { randomUUID } from 'node:crypto';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { AccessDenied } from '../../shared/errors.ts';
import { recordPages } from '../../shared/store/accounts.ts';
import { explain, Failure } from '../failure.ts';
import { type Check, failed, ok, PUT_BACK_MAIN, PUT_BACK_MANAGEMENT, unlessMissing } from './check.ts';
import type { Examined } from './examined.ts';
import { Unseen } from './unseen.ts';

/** Whether the roles are there, and admit whom they must and nobody else. */
export const roles: readonly Check[] = [
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
          `You may not assume the API role ${apiRoleArn}: plan and credentials do not work for you.`,
          'Name yourself in context `operators` and deploy Main again; your own permissions must allow sts:AssumeRole.',
        );
      }
    },
  },
  {
    name: 'organization-role',
    async look(examined) {
      const { config, session } = examined;
      if (config.mainAccountId === config.managementAccountId)
        return ok('None is needed: Main is the management account.');
      const access = apiAccess(examined);
      const { organizationRoleArn: arn, organizationExternalId: externalId } = config;
      if (!(await assumable(() => access.tryRole(arn, { name: session }, externalId)))) {
        return failed(
          `The organization role ${arn} cannot be assumed with its ExternalId: no account can be entered.`,
          `Deploy it in the management account, with the same context: \`npm run deploy:management\`. If it is there: ${PUT_BACK_MANAGEMENT}`,
        );
      }
      for (const [how, id] of [
        ['without an ExternalId', undefined],
        ['with a wrong ExternalId', randomUUID()],
      ] as const) {
        if (!(await assumable(() => access.tryRole(arn, { name: session }, id)))) continue;
        return failed(`The organization role ${arn} can be assumed ${how}.`, PUT_BACK_MANAGEMENT);
      }
      return ok('The organization role is assumed with its ExternalId, and refused without it.');
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
            `The runner role ${config.runnerRoleArn} does not exist: no pass can run, and no account can be entered by its execution role.`,
            `${PUT_BACK_MAIN} Then \`orgkeeper sweep\`: every execution role must be told of the new one.`,
          );
    },
  },
  {
    name: 'account-access',
    async look(examined) {
      const access = apiAccess(examined);
      const account = await oneAccount(examined);
      if (!account)
        return { is: 'skipped', message: 'No account that the organization leads into is kept yet.' };
      await examined.management();
      try {
        await access.enter(account, { name: examined.session, policy: NOTHING });
        return ok(`Account ${account.accountId} can be entered.`);
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        return failed(
          `Account ${account.accountId} cannot be entered: ${error.message}`,
          error.remedy ?? `See \`orgkeeper account ${account.accountId}\`.`,
        );
      }
    },
  },
];

/** A session that may do nothing but say who it is. */
const NOTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' }],
});

function apiAccess(examined: Examined) {
  try {
    return examined.api();
  } catch (error) {
    throw new Unseen(`The way there leads through the API role: ${explain(error)}`);
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

/** The first account that is kept and entered by way of the organization. */
async function oneAccount({ table }: Examined) {
  for await (const page of recordPages(table)) {
    const found = page.items.find(
      ({ lifecycle, executionRoleArn }) => lifecycle === 'managed' && !executionRoleArn,
    );
    if (found) return found;
  }
  return undefined;
}
