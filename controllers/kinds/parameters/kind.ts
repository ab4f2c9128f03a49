import type { Kind } from '../kind.ts';
import { apply, remove } from './apply.ts';
import { CONTENT, compare, isWrittenWith } from './compare.ts';
import { type ActualParameters, observe } from './observe.ts';
import { arnOf, outputName, recordedNames } from './ownership.ts';
import { type Parameters, ParametersSection, render, sizing } from './wanted.ts';

/** SSM parameters that publish outputs of other kinds, and other texts, for the workloads of the account. */
export const parameters: Kind<ParametersSection, Parameters, ActualParameters> = {
  ...sizing,
  section: ParametersSection,
  permissions: {
    read: ['ssm:DescribeParameters', 'ssm:GetParameters', 'ssm:ListTagsForResource', 'tag:GetResources'],
    write: ['ssm:AddTagsToResource', 'ssm:DeleteParameter', 'ssm:PutParameter'],
    resources: ({ parameters }, account, recorded) =>
      [...parameters.map(({ name }) => name), ...recordedNames({ account, recorded })].map((name) =>
        arnOf(name, account),
      ),
  },
  render,
  exceptions: {
    fields: Object.fromEntries(['', ...CONTENT, 'tags.*'].map((field) => [field, 'freely'])),
    goesWith: isWrittenWith,
  },
  parts: { problems: ({ parameters }) => parameters.flatMap(({ problems }) => problems) },
  observe,
  outputs({ found, dropped }) {
    const ours = Object.values(found).filter(({ whose }) => whose === 'ours');
    return Object.fromEntries([...ours, ...dropped].map(({ name, arn }) => [outputName(name), arn]));
  },
  diff: compare,
  apply,
  remove,
  made: (recorded) =>
    Object.fromEntries(Object.entries(recorded).filter(([name]) => name.startsWith(outputName('')))),
};
