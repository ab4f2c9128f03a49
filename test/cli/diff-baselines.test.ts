import { describe, expect, it } from '@jest/globals';
import { blockDiff, diffText } from '../../cli/block-diff.ts';
import { diffBaselines } from '../../cli/diff-baselines.ts';

describe('two versions of a baseline', () => {
  it('differ by the content of their top-level keys, not by comments and order', () => {
    const from =
      'name: a\nregions: [eu-west-1]\nparameters:\n  - { name: /x, value: "1" }\nnetwork: { cidr: 10.0.0.0/16 }\n';
    const to =
      '# New.\nnetwork: { cidr: 10.0.0.0/16 }\nname: a\nparameters:\n  - { value: "2", name: /x }\n  - { name: /y, value: z }\naccountAlias: { name: b }\n';
    expect(blockDiff(diffBaselines(from, to)).map(diffText)).toEqual([
      '- regions',
      '-   eu-west-1',
      '~ parameters',
      '~   /x',
      '~     value: "1" → "2"',
      '      (1 unchanged)',
      '+   /y',
      '+     name: /y',
      '+     value: z',
      '+ accountAlias',
      '+   name: b',
    ]);
    expect(diffBaselines(from, `${from}# The same.\n`)).toEqual([]);
  });

  it.each(['', 'x', '[1]'])('are compared as empty if the stored text is %j', (text) => {
    expect(diffBaselines(text, text)).toEqual([]);
    expect(diffBaselines(text, 'name: a\n')).toMatchObject([{ kind: 'name', action: 'created' }]);
  });
});
