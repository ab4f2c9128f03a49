import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { reportHtml } from '../../controllers/report/html.ts';
import { makeReport, type ReportParts } from '../../controllers/report/model.ts';
import { reportedFleet } from '../kit/reported-fleet.ts';
import { startChromium } from './chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'orgkeeper-report-'));
/** Screenshots for people to look at, if SCREENSHOTS names a folder. */
const { SCREENSHOTS } = process.env;
let browser: Browser;

beforeAll(async () => {
  browser = await startChromium();
  if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
});
afterAll(() => browser?.close());

/** What the page requested, besides itself, and what it complained about. */
interface Noticed {
  readonly requests: string[];
  readonly complaints: string[];
}

/** The report on a fleet, opened from disk. */
async function open(
  parts: ReportParts,
  { hash = '', ...options }: { hash?: string; colorScheme?: 'light' | 'dark' } = {},
): Promise<{ page: Page } & Noticed> {
  const file = join(folder, `${Math.random()}.html`);
  writeFileSync(file, reportHtml(makeReport(parts)));
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const url = pathToFileURL(file).href;
  await page.goto(url + hash);
  await page.waitForSelector('html[data-ready]');
  return { page, requests: requests.filter((one) => !one.startsWith(url)), complaints };
}

const rows = (page: Page) => page.locator('#list tbody tr');
const said = (page: Page) => page.locator('#list [role=status]').textContent();
const hashOf = (page: Page) => Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));

/** The rows of the list while it is printed, and afterwards. For the browser, like what follows. */
const PRINTED = `(() => {
  const count = () => document.querySelectorAll('#list tbody tr').length;
  dispatchEvent(new Event('beforeprint'));
  const printed = count();
  dispatchEvent(new Event('afterprint'));
  return [printed, count()];
})()`;

/** The contrast of texts with the ground (WCAG 2.2, 1.4.3). */
const CONTRASTS = `(() => {
  const canvas = document.createElement('canvas').getContext('2d');
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance(getComputedStyle(document.body).backgroundColor);
  return ['body', 'main a', 'header p', 'td .good', 'td .bad', '.note', 'thead th', '.axis'].map((selector) => {
    const style = getComputedStyle(document.querySelector(selector));
    const text = luminance(selector === '.axis' ? style.fill : style.color);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  });
})()`;

describe('The page of a report in a browser', () => {
  it('works from disk, without a request and without a complaint', async () => {
    const { page, requests, complaints } = await open(reportedFleet(120));
    expect(await rows(page).count()).toBe(50);
    expect(await said(page)).toBe('1 to 50 of 120, page 1 of 3');
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('pages by keyboard: the button keeps the focus, and the link holds the page', async () => {
    const { page } = await open(reportedFleet(120));
    await page.locator('#list').getByRole('button', { name: 'Next' }).focus();
    await page.keyboard.press('Enter');
    expect(await said(page)).toBe('51 to 100 of 120, page 2 of 3');
    await page.keyboard.press('Enter');
    expect(await said(page)).toBe('101 to 120 of 120, page 3 of 3');
    expect(hashOf(page)).toEqual({ page: '3' });
    const focused = page.locator('#list button:focus');
    expect(await focused.textContent()).toBe('Previous');
  });

  it('is filtered and searched, and a link that holds the choice shows the same', async () => {
    const { page } = await open(reportedFleet(120));
    await page.getByRole('combobox', { name: 'State' }).selectOption('failed');
    await page.getByRole('searchbox', { name: 'Search' }).fill('network imaging');
    const found = await said(page);
    expect(found).toMatch(/^1 to \d+ of \d+ with search network imaging, state failed, of 120 accounts$/);
    const hash = new URL(page.url()).hash;
    const { page: again } = await open(reportedFleet(120), { hash });
    expect(await said(again)).toBe(found);
    expect(await again.getByRole('combobox', { name: 'State' }).inputValue()).toBe('failed');
    await again.getByRole('button', { name: 'Show all' }).click();
    expect(await said(again)).toBe('1 to 50 of 120, page 1 of 3');
    expect(hashOf(again)).toEqual({});
  });

  it('leads from a reason to its accounts, and from there to the details of one and back', async () => {
    const { page } = await open(reportedFleet(120));
    await page.getByRole('link', { name: 'Network InUse' }).click();
    expect(await said(page)).toMatch(/with reason Network InUse, of 120 accounts$/);
    await rows(page).first().getByRole('button').click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toContain('remove it, or keep the subnet.');
    expect(await dialog.textContent()).toContain('desired "platform"');
    expect(hashOf(page)).toMatchObject({
      reason: 'Network InUse',
      account: expect.stringMatching(/^\d{12}$/),
    });
    const runs = await page.locator('#runs').textContent();
    expect(runs).toContain('DriftSweepRequested, ');
    expect(runs).toContain('because: the quarterly audit');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(hashOf(page)).toEqual({ reason: 'Network InUse' });
  });

  it('opens the account that a link names', async () => {
    const [account] = reportedFleet(120).accounts;
    const { accountId = '', name = '' } = account?.shown ?? {};
    const { page } = await open(reportedFleet(120), { hash: `#account=${accountId}` });
    expect(await page.getByRole('dialog').getByRole('heading', { level: 2 }).textContent()).toBe(
      `${accountId} ${name}`,
    );
  });

  it('shows text from outside as text, whatever it holds, and runs nothing of it', async () => {
    const everywhere = `"><img src=x onerror="document.title='FORGED'"><script>document.title='FORGED'</script>`;
    const { page, requests, complaints } = await open(reportedFleet(60, { everywhere }));
    await rows(page).first().getByRole('button').click();
    expect(await page.getByRole('dialog').textContent()).toContain('<script>');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('FORGED');
    expect([...requests, ...complaints]).toEqual([]);
  });

  it('prints every account of the choice, in pages of paper', async () => {
    const { page } = await open(reportedFleet(120));
    const printed = await page.evaluate(PRINTED);
    expect(printed).toEqual([120, 50]);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#filters').isVisible()).toBe(false);
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(10_000);
  });

  it.each(['light', 'dark'] as const)(
    'can be read in %s: text stands out from its ground',
    async (colorScheme) => {
      const { page } = await open(reportedFleet(60), { colorScheme });
      const contrasts: number[] = await page.evaluate(CONTRASTS);
      expect(contrasts).toHaveLength(8);
      for (const contrast of contrasts) expect(contrast).toBeGreaterThanOrEqual(4.5);
      if (SCREENSHOTS)
        await page.screenshot({ path: join(SCREENSHOTS, `${colorScheme}.png`), fullPage: true });
    },
  );

  it('of 10,000 accounts is there within seconds', async () => {
    const began = Date.now();
    const { page } = await open(reportedFleet(10_000));
    expect(await said(page)).toBe('1 to 50 of 10000, page 1 of 200');
    await page.getByRole('searchbox', { name: 'Search' }).fill('genomics-9996');
    expect(await rows(page).count()).toBe(1);
    expect(Date.now() - began).toBeLessThan(20_000);
  });
});
