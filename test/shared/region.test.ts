import { describe, expect, test } from '@jest/globals';
import { outsideOf, partitionOf, Regions, regionsOf } from '../../shared/domain/region.ts';
import { outputKey, outputsOf } from '../../shared/domain/unit.ts';

describe('regionsOf', () => {
  const baseline = { regions: ['us-east-1', 'us-west-2'] };

  test('takes the registration before the baseline, and the deployment where neither says any', () => {
    expect(regionsOf({ regions: ['ap-south-1'] }, baseline, 'eu-west-1')).toEqual(['ap-south-1']);
    expect(regionsOf({}, baseline, 'eu-west-1')).toEqual(['us-east-1', 'us-west-2']);
    expect(regionsOf({ regions: [] }, {}, 'eu-west-1')).toEqual(['eu-west-1']);
    expect(regionsOf({}, undefined, 'eu-west-1')).toEqual(['eu-west-1']);
  });
});

describe('the partition of a region', () => {
  test.each([
    ['eu-west-1', 'aws'],
    ['cn-northwest-1', 'aws-cn'],
    ['us-gov-east-1', 'aws-us-gov'],
    ['us-iso-east-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
    ['eusc-de-east-1', 'aws-eusc'],
    ['eu-west-1a', undefined],
  ])('of %s is %s', (region, partition) => {
    expect(partitionOf(region)).toBe(partition);
  });

  test('tells the regions where no account of it is', () => {
    expect(outsideOf('aws', ['eu-west-1', 'cn-north-1', 'nowhere'])).toEqual(['cn-north-1', 'nowhere']);
  });
});

test('a list of regions names each once', () => {
  expect(Regions.safeParse(['eu-west-1', 'us-east-1']).success).toBe(true);
  expect(Regions.safeParse(['eu-west-1', 'eu-west-1']).error?.issues).toMatchObject([{ path: [1] }]);
  expect(Regions.safeParse([]).success).toBe(false);
});

describe("an account's outputs", () => {
  const outputs = {
    'role.arn': 'arn',
    'vpc.id': 'vpc-1',
    'regions.us-east-1.vpc.id': 'vpc-2',
    'regions.us-east-1.parameter./a.b': 'arn-2',
  };

  test('stand under their names at home, and behind the region elsewhere', () => {
    expect(outputKey('vpc.id', 'eu-west-1', 'eu-west-1')).toBe('vpc.id');
    expect(outputKey('role.arn', 'global', 'eu-west-1')).toBe('role.arn');
    expect(outputKey('vpc.id', 'us-east-1', 'eu-west-1')).toBe('regions.us-east-1.vpc.id');
  });

  test('are those of one region under the names that they have at home', () => {
    expect(outputsOf(outputs, 'us-east-1', 'eu-west-1')).toEqual({
      'vpc.id': 'vpc-2',
      'parameter./a.b': 'arn-2',
    });
    expect(outputsOf(outputs, 'eu-west-1', 'eu-west-1')).toEqual({ 'role.arn': 'arn', 'vpc.id': 'vpc-1' });
    expect(outputsOf(outputs, 'ap-south-1', 'eu-west-1')).toEqual({});
  });
});
