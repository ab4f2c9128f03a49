import { describe, expect, test } from '@jest/globals';
import { askedFor } from '../../shared/domain/creation.ts';
import { getCreation, saveCreation } from '../../shared/store/creations.ts';
import { CALLER, keep, leave, orgkeeper, record, status, useWorld } from './support.ts';

const A = '111111111111';
const request = { name: 'genomics', email: 'genomics@example.com' };
const create = (...more: string[]) =>
  orgkeeper('create', '--name', request.name, '--email', request.email, ...more);
const asked = (id: string, content: object = {}) =>
  askedFor(
    { ...request, ...content },
    { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id },
    '2026-11-20T10:00:00Z',
  );

const world = useWorld();

describe('create', () => {
  test('puts one event with all options', async () => {
    const { code, stdout, stderr } = await create(
      ...['--request-id', 'ticket-1', '--organizational-unit-id', 'ou-abcd-12345678', '--mode', 'observe'],
      ...['--baseline', 'analytics@3', '--value', 'team=red', '--tag', 'cost-center=4711'],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const arrived = await world.nextRequest();
    expect(stderr).toContain(`with event ${arrived?.id}.`);
    expect(arrived).toMatchObject({ 'detail-type': 'AccountCreationRequested' });
    expect(arrived?.detail).toEqual({
      ...request,
      requestId: 'ticket-1',
      requestedBy: CALLER,
      organizationalUnitId: 'ou-abcd-12345678',
      baseline: 'analytics@3',
      mode: 'observe',
      values: { team: 'red' },
      tags: { 'cost-center': '4711' },
    });
  });

  test('refuses what intake would refuse, and sends nothing', async () => {
    await saveCreation(world.table, asked('event-1', { baseline: 'analytics' }));
    const taken = await create();
    expect(taken).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/genomics@example.com was already requested with other content/),
    });
    const wrong = await create('--mode', 'sometimes');
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/detail\.mode/) });
    expect(await world.nextRequest(1)).toBeUndefined();
  });

  test('waits until the account is ready, and prints its id', async () => {
    const running = create('--wait');
    const arrived = await world.nextRequest(10);
    const stage = { is: 'registered', creationId: 'car-1', accountId: A } as const;
    const message = 'The account was left where it is.';
    await saveCreation(world.table, { ...asked(arrived?.id ?? ''), stage, message });
    await keep(world.table, record(A));
    await leave(world.table, status(A));
    const { code, stdout, stderr } = await running;
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${A}\n` });
    expect(stderr).toMatch(/The account was left where it is\.\nAccount 111111111111 is ready\./);
  });

  test('exits 1 with the reason of AWS, and not with that of an earlier request', async () => {
    const old = {
      ...asked('event-1'),
      stage: { is: 'failed', reason: 'OLD' } as const,
      message: 'Long ago.',
    };
    await saveCreation(world.table, old);
    const running = create('--wait');
    const arrived = await world.nextRequest(10);
    const stage = { is: 'failed', reason: 'EMAIL_ALREADY_EXISTS' } as const;
    const failed = { ...asked(arrived?.id ?? ''), stage, message: 'Another account has it.', version: 2 };
    expect((await getCreation(world.table, request.email))?.version).toBe(1);
    await saveCreation(world.table, failed);
    expect(await running).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/EMAIL_ALREADY_EXISTS: Another account has it\.\n$/),
    });
  });
});
