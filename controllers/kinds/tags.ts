import { z } from 'zod';

/** IAM's and SSM's limits, which are the same. */
const KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
/** A resource has 50 tags; two say whose it is. */
const MOST = 48;

/**
 * Schema of `tags:` in a section. `aws:` is reserved, and so are the tags that say whose a resource is. A value with `${…}` is
 * checked when it is filled in, by the same schema.
 */
export const Tags = z
  .record(
    z
      .string()
      .regex(/^(?!aws:)(?!orgkeeper:)/i, 'tags starting with `aws:` or `orgkeeper:` cannot be given')
      .regex(KEY, 'a tag key is 1 to 128 letters, digits and _.:/=+-@'),
    z
      .string()
      .refine(
        (value) => value.includes('${') || VALUE.test(value),
        'a tag value is at most 256 letters, digits and _.:/=+-@',
      ),
  )
  .refine(
    (tags) => Object.keys(tags).length <= MOST,
    `at most ${MOST} tags beside those that say whose it is`,
  );
