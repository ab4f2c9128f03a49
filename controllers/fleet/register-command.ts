import type { BaselineReference } from '../../shared/domain/account.ts';
import { formatBaseline } from '../../shared/domain/baseline.ts';

/** What the command says, each a word for a shell: or, in a template, what CloudFormation fills in. */
export interface RegisterWords {
  readonly accountId: string;
  readonly name: string;
  readonly roleArn: string;
  readonly externalId: string;
  readonly baseline: BaselineReference;
}

/**
 * The arguments of `orgkeeper` that register an account whose owner has deployed the member template. They name the
 * baseline that the template is of: the rules might choose another. Pure.
 */
export function registerArguments({ accountId, name, roleArn, externalId, baseline }: RegisterWords): string {
  return (
    `register ${accountId} --name ${name} --execution-role-arn ${roleArn} ` +
    `--external-id ${externalId} --baseline ${formatBaseline(baseline)}`
  );
}
