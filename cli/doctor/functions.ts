import { GetFunctionConfigurationCommand, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { Config } from '../../shared/deployment/config.ts';
import { arns, FUNCTIONS, functionName, NAMES, QUEUES, SCHEDULES } from '../../shared/deployment/names.ts';
import { combined, type DoctorCheck, failed, PUT_BACK_MAIN, unlessMissing } from './check.ts';

/** Whether the functions run as deployed, process their queues, and are started by the schedules. */
export const functions: readonly DoctorCheck[] = [
  {
    name: 'functions',
    async look({ config, main }) {
      const findings = FUNCTIONS.map(async (of) => {
        const FunctionName = functionName(of);
        const found = await unlessMissing(
          main.lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
        );
        if (!found) return failed(`There is no function ${FunctionName}.`, PUT_BACK_MAIN);
        if (found.State === 'Failed' || found.LastUpdateStatus === 'Failed') {
          const why = found.StateReason ?? found.LastUpdateStatusReason ?? 'AWS does not say why';
          return failed(
            `The function ${FunctionName} failed to start: ${why}.`,
            'Deploy Main again: `npm run deploy:main`.',
          );
        }
        if (of === 'reconcile' && found.Role !== config.runnerRoleArn)
          return failed(`The function ${FunctionName} does not run as the runner role.`, PUT_BACK_MAIN);
        return sameConfig(found.Environment?.Variables?.ORGKEEPER_CONFIG, config)
          ? undefined
          : failed(
              `The configuration of the function ${FunctionName} differs from parameter ${NAMES.configParameter}.`,
              PUT_BACK_MAIN,
            );
      });
      return combined(await Promise.all(findings), 'All functions exist, with this configuration.');
    },
  },
  {
    name: 'sources',
    async look({ config, main }) {
      const findings = FUNCTIONS.map(async (of) => {
        const FunctionName = functionName(of);
        const queue = arns(config).queue(QUEUES[of]);
        const { EventSourceMappings = [] } = await main.lambda.send(
          new ListEventSourceMappingsCommand({ FunctionName, EventSourceArn: queue }),
        );
        const states = EventSourceMappings.map(({ State }) => State ?? '');
        if (states.some((state) => WORKING.includes(state))) return undefined;
        const how = states.length > 0 ? `is ${states[0]?.toLowerCase()}` : 'does not exist';
        return failed(
          `The event source mapping from queue ${QUEUES[of]} to ${FunctionName} ${how}: its messages wait.`,
          PUT_BACK_MAIN,
        );
      });
      return combined(await Promise.all(findings), 'Each function processes its queue.');
    },
  },
  {
    name: 'schedules',
    async look({ main }) {
      const findings = SCHEDULES.map(async (Name) => {
        const found = await unlessMissing(
          main.scheduler.send(new GetScheduleCommand({ Name, GroupName: NAMES.scheduleGroup })),
        );
        if (found?.State === 'ENABLED') return undefined;
        const how = found ? 'is disabled' : 'does not exist';
        return failed(`The schedule ${Name} ${how}.`, PUT_BACK_MAIN);
      });
      return combined(
        await Promise.all(findings),
        'The schedules are enabled: due work, listing, nightly sweep.',
      );
    },
  },
];

/** Enabled, or becoming enabled. */
const WORKING = ['Creating', 'Enabling', 'Enabled', 'Updating'];

function sameConfig(text: string | undefined, config: Config): boolean {
  try {
    return JSON.stringify(Config.parse(JSON.parse(text ?? ''))) === JSON.stringify(config);
  } catch {
    return false;
  }
}
