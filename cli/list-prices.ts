/**
 * AWS's list prices in USD, of us-east-1, without free tiers and discounts. Looked up on the date in `asOf`: compare them with the
 * pages in `sources` before you rely on them. `standardRequest` and `event` were looked up a day later.
 */
export const LIST_PRICES = {
  asOf: '2026-11-28',
  region: 'us-east-1',
  /** A request of Lambda, and a gigabyte-second on ARM. */
  invocation: 0.2e-6,
  gigabyteSecond: 0.0000133334,
  /** On-demand units of DynamoDB, class Standard: 4 KB read consistently, 1 KB written. */
  readUnit: 0.125e-6,
  writeUnit: 0.625e-6,
  /** A request to a standard queue, and to a FIFO queue. */
  standardRequest: 0.4e-6,
  fifoRequest: 0.5e-6,
  /** A custom event, or one of another account. */
  event: 1e-6,
  /** Ingestion of CloudWatch Logs. */
  logGigabyte: 0.5,
  /** A management event in a trail that is not the first one of an account. */
  trailEvent: 2e-5,
  sources: [
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/dynamodb/pricing/on-demand/',
    'https://aws.amazon.com/sqs/pricing/',
    'https://aws.amazon.com/eventbridge/pricing/',
    'https://aws.amazon.com/cloudwatch/pricing/',
    'https://aws.amazon.com/cloudtrail/pricing/',
  ],
} as const;
