import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import type { Table } from '../../shared/aws/main-clients.ts';
import { Conflict } from '../../shared/domain/errors.ts';
import { addressBook } from '../../shared/store/addresses.ts';

const address = { accountId: '456789012345', pool: 'main', cidr: '10.0.0.0/22', since: '2026-11-20' };

/** A book whose table cancels every transaction for these reasons. */
function canceling(...codes: string[]) {
  const CancellationReasons = codes.map((Code) => ({ Code }));
  const cancel = async () => {
    throw new TransactionCanceledException({ message: 'canceled', $metadata: {}, CancellationReasons });
  };
  return addressBook({ name: 'orgkeeper', documents: { send: cancel } } as unknown as Table);
}

describe('giving a block back', () => {
  test.each([
    ['None', 'TransactionConflict'],
    ['ConditionalCheckFailed', 'TransactionConflict'],
  ])('is tried again after another transaction came between (%s, %s)', async (...codes) => {
    await expect(canceling(...codes).giveBack(address)).rejects.toBeInstanceOf(Conflict);
  });

  test('is over when somebody else holds it by now', async () => {
    await expect(canceling('ConditionalCheckFailed', 'None').giveBack(address)).resolves.toBeUndefined();
  });

  test('fails for any other reason', async () => {
    await expect(canceling('ThrottlingError', 'None').giveBack(address)).rejects.toBeInstanceOf(
      TransactionCanceledException,
    );
  });
});
