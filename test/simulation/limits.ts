/** So many calls a second, and so many at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A token bucket. */
export class Bucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Whether there is a token. */
  has(now: number): boolean {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    return this.#tokens >= 1;
  }

  /** Takes tokens if there is one: whoever finds one may take more than there are, and later ones wait for that. */
  take(now: number, tokens = 1): boolean {
    if (!this.has(now)) return false;
    this.#tokens -= tokens;
    return true;
  }
}

/** A limit of AWS. */
export interface Limit extends Rate {
  readonly name: string;
  /** The calls that share it. */
  readonly calls: RegExp;
  /** `account`: for each account and region that is called. `caller`: for the account that calls. */
  readonly of: 'account' | 'caller';
  /** `assumed`: AWS publishes none. */
  readonly source: 'published' | 'assumed';
}

/**
 * The limits of one call a time, most specific first; the first that fits counts. Those of the table are in table.ts, since
 * they count the size of items.
 */
export const LIMITS: readonly Limit[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  limit('STS AssumeRole', /^sts:/, 600, 600, 'caller'),
  // https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
  limit('CreateAccount', /^organizations:CreateAccount$/, 0.1, 3),
  limit('ListAccounts', /^organizations:ListAccounts$/, 8, 12),
  limit('DescribeAccount', /^organizations:DescribeAccount$/, 20, 30),
  limit('DescribeCreateAccountStatus', /^organizations:DescribeCreateAccountStatus$/, 2, 2),
  limit('MoveAccount', /^organizations:MoveAccount$/, 2, 3),
  limit('other calls of Organizations', /^organizations:/, 5, 8),
  // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
  limit('EC2 Describe', /^ec2:Describe/, 20, 100),
  limit('CreateVpcEndpoint', /^ec2:CreateVpcEndpoint$/, 0.3, 4),
  limit('CreateTags', /^ec2:CreateTags$/, 10, 100),
  limit('EC2 writes', /^ec2:/, 5, 50),
  // https://docs.aws.amazon.com/general/latest/gr/ssm.html
  limit('SSM reads', /^ssm:(Get|Describe|List)/, 40, 40),
  limit('SSM writes', /^ssm:/, 3, 3),
  { ...limit('IAM reads', /^iam:(Get|List)/, 20, 40), source: 'assumed' },
  { ...limit('IAM writes', /^iam:/, 5, 20), source: 'assumed' },
  { ...limit('tags', /^tagging:/, 15, 15), source: 'assumed' },
  // One partition of a FIFO queue: SQS makes more of them when they are busy, and the simulation does not rely on it. Then the smallest
  // of the regions. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
  limit('SQS SendMessageBatch', /^sqs:SendMessageBatch$/, 300, 300),
  limit('other calls of SQS', /^sqs:/, 2_400, 2_400),
  // The smallest of the regions. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  limit('EventBridge PutEvents', /^events:/, 400, 400),
];

function limit(
  name: string,
  calls: RegExp,
  perSecond: number,
  burst: number,
  of: Limit['of'] = 'account',
): Limit {
  return { name, calls, perSecond, burst, of, source: 'published' };
}
