import { covers, PolicyError } from '../../../shared/policy/index.ts';

/** The policy that an endpoint has when it is made: everybody may do everything that these actions name. */
export function fullAccess(action: string) {
  const everything = { Effect: 'Allow', Principal: '*', Action: action, Resource: '*' };
  return { Version: '2008-10-17', Statement: [everything] };
}

/** True when the policy of an endpoint to this service holds nothing back. Pure. */
export function allowsAll(policy: string | undefined, service: string): boolean {
  if (policy === undefined) return true;
  try {
    return covers(fullAccess(`${service}:*`), policy).covered;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}
