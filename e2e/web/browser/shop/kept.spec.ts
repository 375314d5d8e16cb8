// A page that Back shows from the browser's memory (https://web.dev/articles/bfcache) is as true as one
// that is loaded (woocommerce-blocks#8236). Playwright starts browsers without that memory, but this one.
import type { Page } from '@playwright/test';
import { expect, test } from '../check.ts';
import { launch } from '../launch.ts';
import { holds } from '../visit.ts';

test.use({ launchOptions: { ...launch, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

declare global {
  interface Window {
    /** Whether the page came from memory when it was last shown. */
    fromMemory?: boolean;
  }
}

interface Shown {
  fromMemory: boolean;
  address: string;
  count: string;
}

/** Waits until the page shows something. Playwright waits for pages that are loaded, and this one is not: it is asked itself. */
async function shows(page: Page, what: Partial<Shown>): Promise<void> {
  await expect(async () => {
    const shown = await page.evaluate((): Shown => ({
      fromMemory: window.fromMemory === true,
      address: location.pathname + location.search,
      count: document.querySelector('header .count')?.textContent?.trim() ?? '',
    }));
    expect(shown).toMatchObject(what);
  }).toPass();
}

test('a page from memory counts what is in the cart now, and no button is stuck', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  await page.evaluate(async () => {
    addEventListener('pageshow', (event) => (window.fromMemory = event.persisted));
    // A form is under way when the page is left, and its answer never comes.
    const { fetch } = window;
    window.fetch = () => new Promise<Response>(() => undefined);
    document.querySelector<HTMLFormElement>('form.quantity')?.requestSubmit();
    await new Promise((sent) => setTimeout(sent));
    window.fetch = fetch;
  });
  await page.locator('.breadcrumb a[href^="/c/"]').first().click();
  await expect(page).toHaveURL(/\/c\//);
  await holds(page, 'LOW', 2);
  await page.evaluate(() => history.back());
  await shows(page, { fromMemory: true, address: '/p/BLUE/blue-mug' });
  await shows(page, { count: '2 items' });
  await page.evaluate(() => document.querySelector<HTMLButtonElement>('form.quantity button')?.click());
  await shows(page, { count: '3 items' });
  await shows(page, { fromMemory: true, address: '/cart?added=1' });
});
