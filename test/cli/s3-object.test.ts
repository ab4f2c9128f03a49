import { describe, expect, it } from '@jest/globals';
import { s3ObjectOf } from '../../cli/s3-object.ts';

describe('The place that --output names', () => {
  it.each([
    ['s3://reports/orgkeeper.html', { bucket: 'reports', key: 'orgkeeper.html' }],
    ['s3://my.bucket-1/a/b c.html', { bucket: 'my.bucket-1', key: 'a/b c.html' }],
    ['report.html', undefined],
    ['./s3:/report.html', undefined],
  ])('%s is an object of S3 or a file', (text, place) => {
    expect(s3ObjectOf(text)).toEqual(place);
  });

  it.each([
    's3://',
    's3://bucket',
    's3://bucket/',
    's3:bucket/key',
    's3:///key',
    'S3://UPPER/key',
    's3://b/folder/',
  ])('%s is refused, with what to write', (text) => {
    expect(() => s3ObjectOf(text)).toThrow(
      `'${text}' names no object: write s3://bucket/key, such as s3://reports/orgkeeper.html.`,
    );
  });
});
