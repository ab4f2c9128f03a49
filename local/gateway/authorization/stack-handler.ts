import { type Operation, type Params, texts } from './operations.ts';
import { UnknownAuthorization } from './unknown.ts';

/** How CloudFormation makes, changes and removes the resources of a type. */
export interface Handler {
  /** Properties whose change makes another resource in place of this one. */
  readonly fixed: readonly string[];
  readonly make: (properties: Params) => readonly Operation[];
  readonly change: (
    properties: Params,
    before: Params,
    changed: (property: string) => boolean,
  ) => readonly Operation[];
  readonly remove: (properties: Params) => readonly Operation[];
}

/** The texts of a list. @throws UnknownAuthorization for one that the gateway cannot resolve */
export function written(values: unknown): string[] {
  const all = values === undefined ? [] : [values].flat();
  const unknown = all.find((one) => typeof one !== 'string');
  if (unknown !== undefined) {
    throw new UnknownAuthorization(`What ${JSON.stringify(unknown)} is in a stack is not known before.`);
  }
  return texts(...all);
}
