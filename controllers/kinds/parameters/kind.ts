import type { Kind } from '../kind.ts';
import type { ActualParameters } from './actual.ts';
import { apply } from './apply.ts';
import { diff } from './diff.ts';
import { observe } from './observe.ts';
import { arnOf, outputName, recordedNames } from './ours.ts';
import { remove } from './remove.ts';
import { type Parameters, render } from './render.ts';
import { ParametersSection } from './section.ts';

/** SSM parameters that tell what is deployed in the account later what it needs to know. */
export const parameters: Kind<ParametersSection, Parameters, ActualParameters> = {
  name: 'parameters',
  scope: 'regional',
  condition: 'Parameters',
  section: ParametersSection,
  permissions: {
    read: ['ssm:DescribeParameters', 'ssm:GetParameters', 'ssm:ListTagsForResource', 'tag:GetResources'],
    write: ['ssm:AddTagsToResource', 'ssm:DeleteParameter', 'ssm:PutParameter'],
  },
  resources: ({ parameters }, account, recorded) => [
    ...parameters.map(({ name }) => arnOf(name, account)),
    ...recordedNames({ account, recorded }).map((name) => arnOf(name, account)),
  ],
  outputNames: () => [],
  render,
  problems: ({ parameters }) => parameters.flatMap(({ problems }) => problems),
  observe,
  outputs({ found, dropped }) {
    const ours = Object.values(found).filter(({ whose }) => whose === 'ours');
    return Object.fromEntries([...ours, ...dropped].map(({ name, arn }) => [outputName(name), arn]));
  },
  diff,
  apply,
  remove,
  made: (recorded) =>
    Object.fromEntries(Object.entries(recorded).filter(([name]) => name.startsWith(outputName('')))),
};
