import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { dynamicReferenceIn, shellWord, subText, visible } from '../../shared/domain/escape.ts';

const ESC = '\u001b';

describe('visible', () => {
  test.each([
    ['an escape', `a${ESC}[31mb`, 'a\\u001b[31mb'],
    ['a control of eight bits', 'a\u009b31m', 'a\\u009b31m'],
    ['a carriage return', 'a\rb', 'a\\u000db'],
    ['a mark of direction', 'a\u202eb\u2066c\u061c', 'a\\u202eb\\u2066c\\u061c'],
    ['what takes no room', 'a\u200b\ufeff\u00ad', 'a\\u200b\\ufeff\\u00ad'],
    ['a separator of lines', 'a\u2028\u2029', 'a\\u2028\\u2029'],
    ['half a character', 'a\ud800', 'a\\ud800'],
    ['a tag', '\u{e0041}', '\\udb40\\udc41'],
  ])('shows %s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('does not change letters, signs, line breaks and tabs', () => {
    const text = 'Genömics – 日本語 👩‍🔬 می‌خواهم\n\tx';
    expect(visible(text)).toBe(text);
  });

  test('does not change the meaning of a JSON document', () => {
    const value = { name: `x${ESC}\u202e\u{e0041}\u2028y\n` };
    expect(JSON.parse(visible(JSON.stringify(value, undefined, 2)))).toEqual(value);
  });
});

describe('shellWord', () => {
  test.each(['lab', "Gene's lab", `x${ESC}]0;t\u0007`, 'a\u202eb\nc', "a'\\\u0001'b", '$(id) `id` ${x}', ''])(
    'is one word that a shell reads as it was: %j',
    (text) => {
      const word = shellWord(text);
      expect(visible(word)).toBe(word);
      expect(word).not.toContain('\n');
      expect(spawnSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' }).stdout).toBe(text);
    },
  );
});

describe('subText', () => {
  test.each(['${AWS::AccountId}', '${!x}', '$${x}', '$', 'plain'])(
    'is what Fn::Sub gives back as %j',
    (text) => {
      const given = subText(text).replaceAll(/\$\{(!?)([^}]*)\}/g, (_, kept, name) =>
        kept ? `\${${name}}` : 'FILLED IN',
      );
      expect(given).toBe(text);
    },
  );
});

describe('dynamicReferenceIn', () => {
  test('names the parameter or secret that CloudFormation would insert', () => {
    const template = { Role: { Tags: [{ Value: 'x' }, { Value: 'a {{resolve:ssm:/x}} b' }] } };
    expect(dynamicReferenceIn(template, 'Resources')).toBe('Resources.Role.Tags[1].Value');
  });

  test('ignores other braces', () => {
    expect(dynamicReferenceIn(['{{x}}', '{ {resolve:ssm:/x}}', 'resolve:'], 'x')).toBeUndefined();
  });
});
