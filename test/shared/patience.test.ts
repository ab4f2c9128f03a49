import { Readable } from 'node:stream';
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { describe, expect, it } from '@jest/globals';
import { type Patience, patience } from '../../shared/aws/patience.ts';

type Answer = 'ok' | 'throttled' | 'failed' | 'unheard' | 'denied';

const CODES = { throttled: 'RequestLimitExceeded', failed: 'InternalError', denied: 'UnauthorizedOperation' };
const STATUS = { ok: 200, throttled: 503, failed: 500, denied: 403 };

/** A client that gets these answers in turn, the last one for ever; and how often it asked. */
function client(options: Patience, ...answers: Answer[]) {
  let tries = 0;
  const requestHandler = {
    async handle() {
      const answer = answers[Math.min(tries, answers.length - 1)] ?? 'ok';
      tries += 1;
      if (answer === 'unheard') throw Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' });
      const body =
        answer === 'ok'
          ? '<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>'
          : `<Response><Errors><Error><Code>${CODES[answer]}</Code><Message>No.</Message></Error></Errors></Response>`;
      return { response: { statusCode: STATUS[answer], headers: {}, body: Readable.from([body]) } };
    },
  };
  const ec2 = new EC2Client({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    requestHandler,
    retryStrategy: patience(options, () => 0),
  } as unknown as EC2ClientConfig);
  return { ec2, tries: () => tries };
}

describe('a call', () => {
  it.each([
    [
      'that is throttled six times and fails once gets through',
      Array(6).fill('throttled').concat('failed', 'ok'),
      8,
    ],
    ['that fails once gets through', ['failed', 'ok'], 2],
  ])('%s', async (_, answers, tries) => {
    const { ec2, tries: made } = client({}, ...answers);
    await ec2.send(new DescribeVpcsCommand({}));
    expect(made()).toBe(tries);
  });

  it.each<[string, Patience, Answer, number]>([
    ['that always fails is tried eight times', {}, 'failed', 8],
    ['that nobody hears is tried three times', {}, 'unheard', 3],
    ['that is denied is tried once', {}, 'denied', 1],
    ['that fails when its time is over is tried once', { until: new Date(0) }, 'throttled', 1],
    ['without a token that was not answered is sent once', { once: true }, 'failed', 1],
    ['without a token that nobody heard is sent once', { once: true }, 'unheard', 1],
    ['without a token that was refused for its rate is tried again', { once: true }, 'throttled', 8],
  ])('%s', async (_, options, answer, tries) => {
    const { ec2, tries: made } = client(options, answer);
    await expect(ec2.send(new CreateVpcCommand({}))).rejects.toThrow();
    expect(made()).toBe(tries);
  });

  it('is retried after random pauses of growing length, up to five seconds', async () => {
    const pauses: number[] = [];
    const strategy = patience({}, () => 0.5);
    let token = await strategy.acquireInitialRetryToken('');
    for (let retry = 0; retry < 7; retry++) {
      token = await strategy.refreshRetryTokenForRetry(token, { errorType: 'THROTTLING' });
      pauses.push(token.getRetryDelay());
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 2_500, 2_500]);
  });
});
