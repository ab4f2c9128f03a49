import {
  AccessDenied,
  Conflict,
  ControllerError,
  InvalidDesiredState,
  NotYetConsistent,
  QuotaExceeded,
} from '../../../shared/domain/errors.ts';
import { CORRECT, detailsOf, forEachResource } from '../failures.ts';
import { grantOutput } from '../iam-role/granted.ts';
import { isNoEntity } from '../iam-role/read.ts';
import type { Change, KindContext, WritingContext } from '../kind.ts';
import { missingMessage, resourceOf } from './compare.ts';
import { type ActualGrants, hasOurSids, isNamed, keyOf, recordedGrants } from './observe.ts';
import { deletePolicy, putPolicy, readArn, readPolicy } from './principals.ts';
import { type AssumeGrants, type Principal, policyOf, type WantedGrant } from './section.ts';

/** A grant may wait 10 s for its role. */
const AT_ONCE = 4;

/** See Kind. Writes some grants at once; one that fails does not stop the others. */
export async function apply(
  { wanted, actual, differences }: Change<AssumeGrants, ActualGrants>,
  context: WritingContext,
): Promise<void> {
  const principals: readonly Principal[] = [...wanted.grants, ...(actual?.dropped ?? [])];
  const write = async (resource: string) => {
    const principal = principals.find((one) => resourceOf(one) === resource);
    if (!principal) return;
    const grant = wanted.grants.find((one) => resourceOf(one) === resource);
    const known = actual?.found[keyOf(principal)]?.arn;
    const isWritten = grant !== undefined && (await put(grant, wanted, known, context));
    if (!isWritten) await revoke(principal, context);
    context.wrote(differences.filter((one) => one.resource === resource));
  };
  const resources = [...new Set(differences.map(({ resource }) => resource))];
  await forEachResource(resources, write, explain, AT_ONCE);
}

/** Puts the policy of a grant; false if it grants nothing. */
async function put(
  grant: WantedGrant,
  { owner }: AssumeGrants,
  known: string | undefined,
  context: KindContext,
): Promise<boolean> {
  if (!policyOf(grant, owner, known ?? '')) return false;
  const arn = known ?? (await context.eventually(() => existing(grant, context)));
  const policy = policyOf(grant, owner, arn) ?? {};
  // IAM may not show a role everywhere that was made a moment ago.
  await context.eventually(
    () => putPolicy(grant, policy, context),
    known === undefined ? ['NoSuchEntity', 'NoSuchEntityException'] : [],
  );
  context.record({ [grantOutput(grant.type, grant.name)]: arn });
  return true;
}

/** The ARN of the principal. @throws NotYetConsistent, reason `PrincipalMissing`, if it does not exist */
async function existing(principal: Principal, context: KindContext): Promise<string> {
  const arn = await readArn(principal, context);
  if (arn !== undefined) return arn;
  throw new NotYetConsistent(missingMessage(principal), { reason: 'PrincipalMissing' });
}

async function revoke(principal: Principal, context: KindContext): Promise<void> {
  await deletePolicy(principal, context);
  context.record({ [grantOutput(principal.type, principal.name)]: undefined });
}

/** A failure of a grant as an error of ours that names the principal. */
function explain(resource: string, error: Error): Error {
  const said = `The grant of the ${resource}: ${error.message}`;
  if (isNoEntity(error)) {
    return new Conflict(`The ${resource} was deleted at the same moment.`, { cause: error });
  }
  if (error instanceof AccessDenied) return new AccessDenied(said, { ...detailsOf(error), cause: error });
  if (error instanceof QuotaExceeded) {
    const remedy =
      'AWS does not raise this quota: delete another inline policy of it, or grant it fewer roles.';
    return new QuotaExceeded(said, { ...detailsOf(error), remedy, cause: error });
  }
  if (error instanceof ControllerError) return error;
  if (!/^(MalformedPolicyDocument|InvalidInput|ValidationError|UnmodifiableEntity)/.test(error.name))
    return error;
  return new InvalidDesiredState(said, [{ path: 'assumeGrants', message: said }], {
    cause: error,
    remedy: CORRECT,
  });
}

/** See Kind. A policy of that name that is not ours stays. */
export async function remove({ grants, owner }: AssumeGrants, context: KindContext): Promise<void> {
  const recorded = recordedGrants(context.recorded);
  const named = grants.filter(isNamed);
  const principals = new Map([...named, ...recorded].map((one) => [resourceOf(one), one]));
  await forEachResource([...principals.keys()], async (resource) => {
    const principal = principals.get(resource);
    const document = principal && (await readPolicy(principal, context));
    if (!principal || document === undefined) return;
    const isRecorded = recorded.some((one) => keyOf(one) === keyOf(principal));
    if (isRecorded || hasOurSids(document, owner)) await deletePolicy(principal, context);
  });
  const outputs = recorded.map(({ type, name }) => [grantOutput(type, name), undefined] as const);
  context.record(Object.fromEntries(outputs));
}
