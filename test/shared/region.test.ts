import { describe, expect, test } from '@jest/globals';
import { outsideOf, partitionOf, Regions, regionsOf } from '../../shared/domain/region.ts';
import { outputKey, outputsOf } from '../../shared/domain/unit.ts';

describe('regionsOf', () => {
  const baseline = { regions: ['us-east-1', 'us-west-2'] };

  test('prefers the registration to the baseline, and uses the region of the deployment if neither lists regions', () => {
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

  test('names regions that no account of the partition can use', () => {
    expect(outsideOf('aws', ['eu-west-1', 'cn-north-1', 'nowhere'])).toEqual(['cn-north-1', 'nowhere']);
  });
});

test('a list of regions has each region once', () => {
  expect(Regions.safeParse(['eu-west-1', 'us-east-1']).success).toBe(true);
  expect(Regions.safeParse(['eu-west-1', 'eu-west-1']).error?.issues).toMatchObject([{ path: [1] }]);
  expect(Regions.safeParse([]).success).toBe(false);
});

describe('the outputs of an account', () => {
  const outputs = {
    'role.arn': 'arn',
    'vpc.id': 'vpc-1',
    'regions.us-east-1.vpc.id': 'vpc-2',
    'regions.us-east-1.parameter./a.b': 'arn-2',
  };

  test('have plain names in the home region, and begin with the region elsewhere', () => {
    expect(outputKey('vpc.id', 'eu-west-1', 'eu-west-1')).toBe('vpc.id');
    expect(outputKey('role.arn', 'global', 'eu-west-1')).toBe('role.arn');
    expect(outputKey('vpc.id', 'us-east-1', 'eu-west-1')).toBe('regions.us-east-1.vpc.id');
  });

  test('of one region have the names of the home region', () => {
    expect(outputsOf(outputs, 'us-east-1', 'eu-west-1')).toEqual({
      'vpc.id': 'vpc-2',
      'parameter./a.b': 'arn-2',
    });
    expect(outputsOf(outputs, 'eu-west-1', 'eu-west-1')).toEqual({ 'role.arn': 'arn', 'vpc.id': 'vpc-1' });
    expect(outputsOf(outputs, 'ap-south-1', 'eu-west-1')).toEqual({});
  });
});
