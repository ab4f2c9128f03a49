import { managedKinds } from '../../controllers/engine/desired-state.ts';
import { kinds } from '../../controllers/kinds/index.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';
import { InvalidDesiredState } from '../../shared/domain/errors.ts';
import { currentBaseline } from '../../shared/store/baselines.ts';
import { type DoctorCheck, failed, ok } from './check.ts';

/** Whether there is a baseline for new accounts. */
export const baseline: readonly DoctorCheck[] = [
  {
    name: 'baseline',
    async look({ config, table }) {
      const name = config.defaultBaseline;
      const publish = `\`orgkeeper baseline publish ${name === 'analytics' ? 'infra/baselines/analytics.yaml' : 'FILE'}\``;
      const current = await currentBaseline(table, name);
      if (!current) {
        return failed(
          `The default baseline ${name} was never published: new accounts get no baseline.`,
          `Publish it: ${publish}.`,
        );
      }
      try {
        managedKinds(current, kinds);
      } catch (error) {
        if (!(error instanceof InvalidDesiredState)) throw error;
        return failed(error.message, `Publish a corrected version: ${publish}.`);
      }
      return ok(`New accounts get ${formatBaseline(current)}.`);
    },
  },
];
