import { z } from 'zod';

/** The limits of IAM and SSM, which are equal. */
const KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
/** AWS allows 50 tags; two of them are the owner tags. */
const MOST = 48;

/**
 * Schema of `tags:` in a section. AWS reserves `aws:`, and Orgkeeper its owner tags (`orgkeeper:`). A value with `${…}` is checked
 * by the same schema once the names are filled in.
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
  .refine((tags) => Object.keys(tags).length <= MOST, `at most ${MOST} tags beside the two owner tags`);
