import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { sendRequest } from '../../cli/send-request.ts';
import { MAIN, MEMBER } from '../kit/factories.ts';
import { fakeMain } from '../kit/fake-main.ts';
import { answeringEvery, on } from '../kit/sdk.ts';

const CALLER = `arn:aws:iam::${MAIN}:user/ada`;

describe('sendRequest', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** The times that STS was asked who calls. */
  function asked() {
    let times = 0;
    answeringEvery(STSClient, [on(GetCallerIdentityCommand, () => ({ Arn: CALLER }))], () => {
      times += 1;
    });
    return () => times;
  }

  it('asks AWS once who calls', async () => {
    const { main, put } = fakeMain();
    const times = asked();
    await sendRequest(main.bus, 'PlanRequested', { accountId: MEMBER }, 'a reason');
    expect(put.map(({ detail }) => detail)).toEqual([
      { accountId: MEMBER, requestedBy: CALLER, reason: 'a reason' },
    ]);
    expect(times()).toBe(1);
  });

  it('does not ask if the request says it', async () => {
    const { main, put } = fakeMain();
    const times = asked();
    const detail = { accountId: MEMBER, requestedBy: 'arn:aws:iam::345678901234:user/bo' };
    await sendRequest(main.bus, 'PlanRequested', detail, 'a reason');
    expect(put.map((event) => event.detail)).toEqual([{ ...detail, reason: 'a reason' }]);
    expect(times()).toBe(0);
  });
});
