import { fleetPause, pausedBaselines } from '../../shared/domain/control.ts';
import { pauseInWords } from '../../shared/domain/pause.ts';
import { getControl } from '../../shared/store/controls.ts';
import { type DoctorCheck, failed, ok } from './check.ts';

/** What people have paused: a pause is intended, so that it fails nothing. */
export const pauses: readonly DoctorCheck[] = [
  {
    name: 'pauses',
    async look({ table }) {
      const now = new Date();
      const control = await getControl(table);
      if (control.unreadable)
        return failed(control.unreadable.message, control.unreadable.remedy ?? 'Correct the item.');
      const fleet = fleetPause(control, now);
      const baselines = pausedBaselines(control, now);
      const paused = [
        ...(fleet ? [`The fleet is paused ${pauseInWords(fleet)}: \`orgkeeper resume --fleet\`.`] : []),
        ...baselines.map(
          ({ name, pause }) =>
            `Baseline ${name} is paused ${pauseInWords(pause)}: \`orgkeeper resume --baseline ${name}\`.`,
        ),
      ];
      const accounts = '`orgkeeper accounts --state paused` lists paused accounts.';
      return ok(
        `${paused.length > 0 ? paused.join(' ') : 'Neither the fleet nor a baseline is paused.'} ${accounts}`,
      );
    },
  },
];
