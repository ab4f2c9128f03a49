import type { Target } from '@aws-sdk/client-eventbridge';
import { isObject } from './wire.ts';

/** What the target of a rule gets of an event: a fixed text, a part of the event, a text with parts of it, or the whole. Pure. */
export function targetInput(
  { Input, InputPath, InputTransformer }: Pick<Target, 'Input' | 'InputPath' | 'InputTransformer'>,
  event: object,
): string {
  if (Input !== undefined) return Input;
  if (InputPath !== undefined) return JSON.stringify(at(InputPath, event) ?? null);
  if (InputTransformer === undefined) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate = '' } = InputTransformer;
  return transformed(InputTemplate, (name) => at(InputPathsMap[name] ?? '', event));
}

/** Within quotes a text is put in without its own; a value that the event does not have is empty. */
function transformed(template: string, find: (name: string) => unknown): string {
  let quoted = false;
  return template.replace(/\\.|"|<(\w+)>/g, (part, name: string | undefined) => {
    if (part === '"') quoted = !quoted;
    if (name === undefined) return part;
    const value = find(name);
    if (value === undefined) return '';
    const text = JSON.stringify(value);
    if (!quoted) return text;
    return typeof value === 'string' ? text.slice(1, -1) : JSON.stringify(text).slice(1, -1);
  });
}

/** The value at `$.detail.name`. @throws for other forms of JSONPath */
function at(path: string, event: unknown): unknown {
  if (!/^\$(\.[\w-]+)*$/.test(path)) throw new Error(`The local runtime does not support the path ${path}.`);
  return path
    .split('.')
    .slice(1)
    .reduce((value, name) => (isObject(value) ? value[name] : undefined), event);
}

/** What a rule of EventBridge may deliver to at the local runtime; undefined for any other target. */
export function kindOfTarget(arn: string): 'queue' | 'topic' | 'bus' | 'api-destination' | undefined {
  const [, , service, , , resource = ''] = arn.split(':');
  if (service === 'sqs') return 'queue';
  if (service === 'sns') return 'topic';
  if (service !== 'events') return undefined;
  const [kind] = resource.split('/');
  return kind === 'event-bus' ? 'bus' : kind === 'api-destination' ? kind : undefined;
}
