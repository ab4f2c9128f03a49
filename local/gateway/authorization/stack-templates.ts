import { type CollectionTag, isCollection, parse, type ScalarTag } from 'yaml';
import { isObject } from '../wire.ts';
import type { Params } from './operations.ts';
import { UnknownAuthorization } from './unknown.ts';

/** The functions of templates; `Ref` and `Condition` have no prefix. */
const FUNCTIONS = [
  'And',
  'Base64',
  'Cidr',
  'Condition',
  'Equals',
  'FindInMap',
  'GetAtt',
  'GetAZs',
  'If',
  'ImportValue',
  'Join',
  'Not',
  'Or',
  'Ref',
  'Select',
  'Split',
  'Sub',
];

/** `!Sub text` is `{ "Fn::Sub": "text" }`. */
const TAGS = FUNCTIONS.flatMap((name): (ScalarTag | CollectionTag)[] => {
  const tag = `!${name}`;
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const ofCollection = (collection: 'seq' | 'map'): CollectionTag => ({
    tag,
    collection,
    resolve: (value) => (isCollection(value) ? { [key]: value.toJSON() } : value),
  });
  return [{ tag, resolve: (text) => ({ [key]: text }) }, ofCollection('seq'), ofCollection('map')];
});

/** The template of a stack, from JSON or YAML; functions in their long form. @throws UnknownAuthorization for other texts */
export function readTemplate(text: string): Params {
  const template = parsed(text);
  if (!isObject(template)) throw new UnknownAuthorization('The gateway cannot read the template.');
  return template;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsedYaml(text);
  }
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text, { customTags: TAGS });
  } catch {
    return undefined;
  }
}
