import { describe, expect, it } from '@jest/globals';
import { askedFor, creationKey, keyOfTag, sameRequest, tagValue } from '../../shared/domain/creation.ts';
import { parseRequest } from '../../shared/domain/requests.ts';
import { saveCreation } from '../../shared/store/creations.ts';
import { memoryTable } from '../kit/memory-table.ts';

const asked = { name: 'genomics', email: "Gen.o'mics+1@Example.com" };

describe('the key of a request', () => {
  it('is its id, or the email in lower case', () => {
    expect(creationKey({ ...asked, requestId: 'ticket-1' })).toBe('ticket-1');
    expect(creationKey(asked)).toBe("gen.o'mics+1@example.com");
  });

  it('is a valid value of a tag, and can be read back from it', () => {
    const value = tagValue(creationKey(asked));
    expect(value).toMatch(/^[\w.:/=+@-]+$/);
    expect(keyOfTag(value)).toBe(creationKey(asked));
  });
});

describe('two requests', () => {
  it('are the same with the same content, whatever is left out or undefined', () => {
    expect(sameRequest(asked, { ...asked, baseline: undefined })).toBe(true);
    expect(sameRequest({ ...asked, tags: { a: '1', b: '2' } }, { ...asked, tags: { b: '2', a: '1' } })).toBe(
      true,
    );
  });

  it('differ by any of their content', () => {
    expect(sameRequest(asked, { ...asked, name: 'physics' })).toBe(false);
    expect(sameRequest(asked, { ...asked, mode: 'observe' })).toBe(false);
  });
});

describe('AccountCreationRequested', () => {
  const problems = (more: object) => {
    const parsed = parseRequest('AccountCreationRequested', { ...asked, ...more });
    return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : [];
  };

  it.each([
    [{}, []],
    [{ name: 'x'.repeat(51) }, ['detail.name']],
    [{ name: 'Ärzte' }, ['detail.name']],
    [{ email: 'nobody' }, ['detail.email']],
    [{ email: `${'a'.repeat(60)}@example.com` }, ['detail.email']],
    [{ requestId: 'a b' }, ['detail.requestId']],
    [{ organizationalUnitId: 'r-abcd' }, ['detail.organizationalUnitId']],
    [{ tags: { 'aws:x': '1' } }, ['detail.tags']],
    [{ tags: { 'orgkeeper:request': 'mine' } }, ['detail.tags']],
    [{ tags: { a: 'b;c' } }, ['detail.tags']],
    [{ tags: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, ''])) }, ['detail.tags']],
    [{ parent: 'r-abcd' }, ['detail.parent']],
  ])('%j has problems at %j', (more, paths) => {
    expect(problems(more)).toEqual(paths);
  });
});

describe('the record of a request', () => {
  const cause = { source: 'orgkeeper.request', detailType: 'AccountCreationRequested', id: 'event-1' };
  const open = askedFor(asked, cause, '2026-11-20T10:00:00Z');

  it('is due until its end, and expires after that', async () => {
    const { table, items } = memoryTable();
    await saveCreation(table, open);
    expect(items('creation-request#')).toMatchObject([{ due: 'creation' }]);
    expect(items('creation-request#')[0]).not.toHaveProperty('expiresAt');
    const { dueAt: _, ...over } = { ...open, version: 2, stage: { is: 'failed', reason: 'X' } as const };
    await saveCreation(table, over);
    const [item] = items('creation-request#');
    expect(item).not.toHaveProperty('due');
    expect(Number(item?.expiresAt) * 1000).toBeGreaterThan(Date.now() + 399 * 86_400_000);
  });
});
