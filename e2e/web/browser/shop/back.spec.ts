// Back leads to what is true now (woocommerce-blocks#8236, dawn#3122), and to where it was
// (saleor-storefront#433).
import { expect, test } from '../check.ts';
import { served } from '../served.ts';
import { holds, isPaid, order, readyToOrder } from '../visit.ts';

test('Back after ordering leads to the order, and nothing is in the cart', async ({ page }) => {
  await readyToOrder(page, 'BLUE');
  await order(page);
  await isPaid(page);
  const placed = page.url();
  await page.goBack();
  await expect(page).toHaveURL(placed);
  await isPaid(page);
  await expect(page.locator('header .count')).toHaveCount(0);
  await page.goto('/checkout');
  await expect(page).toHaveURL(placed);
});

test('Back keeps the place in a list', async ({ page }) => {
  await page.goto(served.category);
  const card = page.locator('.product-card a').nth(20);
  await card.scrollIntoViewIfNeeded();
  const place = await page.evaluate(() => scrollY);
  expect(place).toBeGreaterThan(100);
  await card.click();
  await expect(page).toHaveURL(/\/p\//);
  await page.goBack();
  await expect(page).toHaveURL(/\/c\//);
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(place);
});

test('Back to a page that the script made reads it again, where it was', async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 400 });
  await page.goto('/p/BLUE/blue-mug');
  const add = page.getByRole('button', { name: 'Add to cart' });
  await add.scrollIntoViewIfNeeded();
  const place = await page.evaluate(() => scrollY);
  expect(place).toBeGreaterThan(50);
  await add.click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await page.goBack();
  await expect(page).toHaveURL(/\/p\/BLUE/);
  await expect(page.locator('header .count')).toHaveText('1 item');
  await expect.poll(() => page.evaluate(() => scrollY)).toBe(place);
});

test('a list is its address: Back, reload and a shared link show the same', async ({ page, context }) => {
  await page.goto(`${served.category}?min=11&sort=dear`);
  const shown = page.locator('.product-card h3');
  await page.locator('a[rel=next]').click();
  await expect(page).toHaveURL(/page=/);
  const second = await shown.allTextContents();
  await page.reload();
  expect(await shown.allTextContents()).toEqual(second);
  await page.goBack();
  await page.goForward();
  expect(await shown.allTextContents()).toEqual(second);
  const shared = await context.newPage();
  await shared.goto(page.url());
  expect(await shared.locator('.product-card h3').allTextContents()).toEqual(second);
});

// The browser of the checks keeps no pages (docs/decisions/0080), so the page is told what a browser tells one that it kept.
test('a page from memory counts what is in the cart now, and no button is stuck', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  await page.evaluate(async () => {
    // A form is under way when the page is left, and its answer never comes.
    const { fetch } = window;
    window.fetch = () => new Promise<Response>(() => undefined);
    document.querySelector<HTMLFormElement>('form.quantity')?.requestSubmit();
    await new Promise((sent) => setTimeout(sent));
    window.fetch = fetch;
  });
  await holds(page, 'LOW', 2);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await expect(page.locator('header .count')).toHaveText('2 items');
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.locator('header .count')).toHaveText('3 items');
});
