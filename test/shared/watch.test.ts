import { Readable } from 'node:stream';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';
import { patience } from '../../shared/aws/patience.ts';
import { watch } from '../../shared/aws/watch.ts';
import { Conflict, ServiceFault } from '../../shared/domain/errors.ts';

/** A client whose service is always out of order, and the number of requests that it was sent. */
function brokenService() {
  const sent: string[] = [];
  const client = new SSMClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    retryStrategy: patience({}, () => 0),
    requestHandler: {
      handle: async ({ method }: { method: string }) => {
        sent.push(method);
        return { response: { statusCode: 503, headers: {}, body: Readable.from(['{}']) } };
      },
    } as never,
  });
  return { client, sent };
}

const put = new PutParameterCommand({ Name: '/x', Value: 'y', Type: 'String' });

describe('a watched client', () => {
  it('reports a call once, and each of its attempts', async () => {
    const { client, sent } = brokenService();
    const calls: unknown[] = [];
    const attempts: unknown[] = [];
    watch(
      client,
      { name: 'ssm' },
      { onCall: (call) => calls.push(call), onAttempt: (call) => attempts.push(call) },
    );
    await expect(client.send(put)).rejects.toBeInstanceOf(ServiceFault);
    expect(calls).toEqual([{ command: 'ssm:PutParameter', writes: true }]);
    expect([attempts.length, sent.length]).toEqual([8, 8]);
  });

  it('asks whether an attempt may be sent once it has waited, not before', async () => {
    const { client, sent } = brokenService();
    let isLost = false;
    const onAttempt = () => {
      if (isLost) throw new Conflict('the lease is lost');
    };
    const aroundAttempt = <T>(send: () => Promise<T>) => {
      isLost = sent.length === 2;
      return send();
    };
    watch(client, { name: 'ssm' }, { onAttempt, aroundAttempt });
    await expect(client.send(put)).rejects.toThrow(new Conflict('the lease is lost'));
    expect(sent.length).toBe(2);
  });

  it('sends nothing more once an attempt is refused, and fails with the reason', async () => {
    const { client, sent } = brokenService();
    let attempts = 0;
    const onAttempt = () => {
      attempts += 1;
      if (attempts > 2) throw new Conflict('the lease is lost');
    };
    watch(client, { name: 'ssm' }, { onAttempt });
    await expect(client.send(put)).rejects.toThrow(new Conflict('the lease is lost'));
    expect([attempts, sent.length]).toEqual([3, 2]);
  });
});
