import { ServiceFault } from '../domain/errors.ts';

/**
 * The pages of a listing, one call each, from behind `from`. A listing that gives a token again that it has given before
 * would never end: it is given up.
 * @param tokenOf the token of the next page; undefined or empty behind the last one
 * @throws ServiceFault where a token comes again
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
      throw new ServiceFault('A listing of AWS turns in a circle: the token of a page came again.');
    if (token !== undefined) seen.add(token);
    yield page;
  } while (token);
}
