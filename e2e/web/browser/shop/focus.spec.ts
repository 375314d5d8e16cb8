// The tab key follows the page, and Enter does what a click does (woocommerce#60962, vendure#267).
import { expect, readsInOrder, test } from '../check.ts';
import { served } from '../served.ts';
import { form, holds, readyToOrder } from '../visit.ts';

for (const language of ['', '/ar']) {
  test(`the order of the tab key is that of reading${language}`, async ({ page }) => {
    await holds(page, 'BLUE');
    for (const path of ['/search', served.category, '/p/BLUE/blue-mug', '/cart', '/checkout']) {
      await page.goto(`${language}${path}`);
      await readsInOrder(page);
    }
  });
}

test('Enter in any field of the checkout sends the order, and nothing else', async ({ page, errors }) => {
  errors.expect(/ERR_FAILED/);
  await readyToOrder(page, 'BLUE');
  await page.route('**/checkout/place', (route) => route.abort()); // it stays on the page
  for (const field of await form(page, '/checkout/place').locator('input:not([type=hidden])').all()) {
    if (!(await field.isVisible())) continue;
    const sent = page.waitForRequest('**/checkout/place');
    await field.press('Enter');
    await sent;
    await expect(page.getByRole('alert')).toBeFocused();
  }
});

test('Enter in a quantity of the cart changes that line alone', async ({ page }) => {
  await holds(page, 'BLUE', 2);
  await holds(page, 'LOW', 1);
  await page.goto('/cart');
  const line = (name: string) => page.locator('.line').filter({ hasText: name }).getByRole('spinbutton');
  await line('Blue mug').fill('4');
  await line('Rare mug').fill('2'); // typed, and not sent
  await line('Blue mug').press('Enter');
  await expect(page.locator('header .count')).toHaveText('5 items');
  await expect(line('Blue mug')).toHaveValue('4');
  await expect(line('Rare mug')).toHaveValue('2'); // what was typed elsewhere stays
});
