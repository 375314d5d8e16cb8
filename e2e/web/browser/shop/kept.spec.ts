// A page that Back shows from the browser's memory (https://web.dev/articles/bfcache) is as true as one
// that is loaded (woocommerce-blocks#8236). Playwright starts browsers without that memory, but this one.
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
  // page.goBack() would wait for a page that is loaded.
  await page.evaluate(() => history.back());
  await expect(page).toHaveURL(/\/p\/BLUE/);
  await expect(async () => {
    expect(await page.evaluate(() => window.fromMemory), 'the page is the one that was left').toBe(true);
  }).toPass();
  await expect(page.locator('header .count')).toHaveText('2 items');
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.locator('header .count')).toHaveText('3 items');
});
