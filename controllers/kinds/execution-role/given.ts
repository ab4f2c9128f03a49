import type { KindContext } from '../kind.ts';
import { inlineDocument, managedDocument, unlessDenied } from './read.ts';
import type { ExecutionRole } from './render.ts';

/** What must be known of a role that its owner made, to tell whether it covers the baseline. */
export interface Given {
  /** Documents by the name of the inline policy, URL-encoded; undefined for what may not be read. */
  readonly inline: Readonly<Record<string, string | undefined>>;
  /** By ARN: attached ones, those that the baseline wants, and the permissions boundary. */
  readonly managed: Readonly<Record<string, string | undefined>>;
}

/** What is attached to the role, as it was listed. */
interface Attached {
  readonly inline: Readonly<Record<string, string | undefined>>;
  readonly managedPolicies: readonly string[];
  readonly permissionsBoundary: string | undefined;
}

/** Reads every document that counts, all at once. What may not be read is told, and grants nothing. */
export async function readGiven(
  wanted: ExecutionRole,
  { inline, managedPolicies, permissionsBoundary }: Attached,
  context: KindContext,
): Promise<Given> {
  const arns = new Set([...managedPolicies, ...wanted.managedPolicies]);
  if (permissionsBoundary) arns.add(permissionsBoundary);
  const read = (names: Iterable<string>, document: (name: string) => Promise<string | undefined>) =>
    Promise.all([...names].map(async (name) => [name, await unlessDenied(document(name))] as const));
  const [inlineRead, managedRead] = await Promise.all([
    read(Object.keys(inline), async (name) => inline[name] ?? inlineDocument(wanted.name, name, context)),
    read(arns, (arn) => managedDocument(arn, context)),
  ]);
  return { inline: Object.fromEntries(inlineRead), managed: Object.fromEntries(managedRead) };
}
