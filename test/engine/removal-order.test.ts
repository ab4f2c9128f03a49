import { describe, expect, it } from '@jest/globals';
import { inRemovalOrder } from '../../controllers/engine/removal-order.ts';

describe('inRemovalOrder', () => {
  const unit = (name: string, needs: readonly string[] = []) => {
    const [kind = '', region = ''] = name.split(' ');
    const asUnit = (text: string) => {
      const [kind = '', region = ''] = text.split(' ');
      return { kind, region };
    };
    const scope = region === 'global' ? 'global' : 'regional';
    return { name, kind: { name: kind, scope }, account: { region }, needs: needs.map(asUnit) };
  };
  /** Each unit with those that must be gone before it. */
  const order = (units: readonly ReturnType<typeof unit>[]) =>
    inRemovalOrder(units as unknown as Parameters<typeof inRemovalOrder>[0]).map(({ unit, after }) => {
      const nameOf = (one: unknown) => (one as { name: string }).name;
      return [nameOf(unit), after.map(nameOf)];
    });

  it('reverses the order of the outputs that sections name, global units last', () => {
    const units = [
      unit('role global'),
      unit('network a'),
      unit('network b'),
      unit('parameters a', ['network a', 'role global']),
      unit('parameters b', ['network b', 'network a']),
    ];
    expect(order(units)).toEqual([
      ['parameters b', []],
      ['parameters a', []],
      ['network b', ['parameters b']],
      ['network a', ['parameters a', 'parameters b']],
      ['role global', ['network a', 'network b', 'parameters a', 'parameters b']],
    ]);
  });

  it('removes global units before those whose outputs they name, and before what these need', () => {
    const units = [
      unit('role global', ['gate a']),
      unit('network a'),
      unit('gate a', ['network a']),
      unit('other a'),
    ];
    expect(order(units)).toEqual([
      ['other a', []],
      ['role global', ['other a']],
      ['gate a', ['role global']],
      ['network a', ['gate a']],
    ]);
  });

  it('breaks a circle, which sections of several baselines may make', () => {
    const units = [unit('network a', ['parameters a']), unit('parameters a', ['network a'])];
    expect(order(units).map(([name]) => name)).toEqual(['network a', 'parameters a']);
  });
});
