// Pages that the browser kept in memory, which Back shows as they were left (dawn#3122).
import { expect, test } from '../check.ts';
import { launch } from '../launch.ts';
import { holds } from '../visit.ts';

// Playwright switches them off, because routes don't see what comes from memory.
test.use({ launchOptions: { ...launch, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

test('a page from memory counts what is in the cart now, and no button is stuck', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  await page.evaluate(() => (document.body.dataset['kept'] = 'yes'));
  await page.evaluate(async () => {
    // A form is under way when the page is left, and its answer never comes.
    const { fetch } = window;
    window.fetch = () => new Promise<Response>(() => undefined);
    document.querySelector<HTMLFormElement>('form.quantity')?.requestSubmit();
    await new Promise((sent) => setTimeout(sent));
    window.fetch = fetch;
  });
  await holds(page, 'LOW', 2);
  await page.locator('.shop-name').click();
  await expect(page).toHaveURL('/');
  await page.goBack();
  await expect(page).toHaveURL(/\/p\/BLUE/);
  await expect(page.locator('body')).toHaveAttribute('data-kept', 'yes');
  await expect(page.locator('header .count')).toHaveText('2 items');
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
});
