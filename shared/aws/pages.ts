import { ServiceFault } from '../domain/errors.ts';

/**
 * The pages of a listing, one call each, starting at the token `from`. The SDK's own paginators do not serve: they follow
 * tokens that repeat for ever (or end silently, which looks like a complete listing), and cannot be rate-limited.
 * @param tokenOf the token of the next page; undefined or empty after the last page
 * @throws ServiceFault if a token repeats
 */
export async function* pagesOf<Page>(
  call: (token: string | undefined) => Promise<Page>,
  tokenOf: (page: Page) => string | undefined,
  from?: string,
): AsyncGenerator<Page> {
  const seen = new Set(from ? [from] : []);
  let token = from || undefined;
  do {
    const page = await call(token);
    token = tokenOf(page) || undefined;
    if (token !== undefined && seen.has(token))
      throw new ServiceFault('AWS returned the same page token twice, so the listing would never end.');
    if (token !== undefined) seen.add(token);
    yield page;
  } while (token);
}
