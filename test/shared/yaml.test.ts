import { describe, expect, test } from '@jest/globals';
import { readYaml } from '../../shared/domain/yaml.ts';

describe('readYaml', () => {
  test.each([
    ['an account id', '004752653756', 'the number 4752653756'],
    ['a version', '1.0', 'the number 1'],
    ['a hexadecimal number', '0x10', 'the number 16'],
    ['more digits than a number keeps', '12345678901234567890123', 'the number 1.2345678901234568e+22'],
    ['a boolean in capitals', 'True', 'the boolean true'],
  ])('refuses %s that would be written back as another text, with its line', (_, written, read) => {
    const [, value] = read.split(/ (?=\S+$)/);
    expect(readYaml(`name: x\nStringEquals:\n  aws:PrincipalAccount: ${written}\n`)).toEqual({
      problems: [
        {
          path: '',
          line: 3,
          message: `${written} is read as ${read}: put it in quotes if it is text, else write ${value}`,
        },
      ],
    });
  });

  test('refuses such a number as a key and in a list, each with its line', () => {
    const read = readYaml('tags:\n  007: bond\nids:\n  - 123456789012\n  - 012345678901\n');
    expect(read).toMatchObject({ problems: [{ line: 2 }, { line: 5 }] });
  });

  test('accepts numbers that are written back unchanged, and any text in quotes', () => {
    const text =
      'a: 3600\nb: -5\nc: 0.5\nd: "004752653756"\ne: \'1.0\'\nf: true\ng: 2012-10-17\nh: 123456789012\n';
    expect(readYaml(text)).toMatchObject({
      value: {
        a: 3600,
        b: -5,
        c: 0.5,
        d: '004752653756',
        e: '1.0',
        f: true,
        g: '2012-10-17',
        h: 123456789012,
      },
    });
  });

  test.each([
    ['in a list', 'name: x\nloop: &loop [*loop]'],
    ['in a mapping', 'name: x\nloop: &loop { a: { b: *loop } }'],
    ['across two', 'name: x\nloop: &loop { a: &other [*loop], b: *other }'],
  ])('refuses an alias that contains itself %s, with its line', (_, text) => {
    expect(readYaml(text)).toEqual({
      problems: [
        {
          path: '',
          line: 2,
          message: 'the alias *loop is inside of the node that it refers to, which is an endless loop',
        },
      ],
    });
  });

  test('accepts an alias of another value', () => {
    expect(readYaml('a: &a [1]\nb: [*a, *a]')).toMatchObject({ value: { a: [1], b: [[1], [1]] } });
  });

  test.each([
    ['by itself', `${'['.repeat(101)}${']'.repeat(101)}`],
    ['by aliases', `a: &a ${'['.repeat(60)}${']'.repeat(60)}\nb: ${'['.repeat(60)}*a${']'.repeat(60)}`],
  ])('refuses a value that is nested too deep %s', (_, text) => {
    expect(readYaml(text)).toEqual({
      problems: [{ path: '', message: 'is nested more than 100 levels deep' }],
    });
  });
});
