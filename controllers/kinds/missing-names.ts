import { type Blocked, WAITING_FOR_OUTPUTS } from './kind.ts';

/** Names that an account has from its registration and its deployment; all others are outputs of kinds. */
const OF_THE_ACCOUNT = /^(account|values|main|management|organization)\./;

/**
 * Why a thing is not written whose text names `${…}` that have no value: the account lacks them, or what gives them is not
 * made yet. Pure.
 * @param thing with its article: `The parameter /a`
 */
export function withoutNames(thing: string, names: readonly string[]): Pick<Blocked, 'reason' | 'message'> {
  const said = names.map((name) => `\${${name}}`).join(', ');
  return names.every((name) => OF_THE_ACCOUNT.test(name))
    ? {
        reason: 'ValueMissing',
        message: `${thing} needs ${said}, which the account does not have: register it again with that.`,
      }
    : {
        reason: WAITING_FOR_OUTPUTS,
        message: `${thing} waits for ${said}, which is not known before what gives it is made.`,
      };
}
