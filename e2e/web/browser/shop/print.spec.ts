// The page of an order on paper: a customer keeps it as a receipt, so it tells all that a screen
// does, and nothing that only a screen can do.
import type { Page } from '@playwright/test';
import { expect, fits, test } from '../check.ts';
import { call, place, reached, type Order } from '../served.ts';

/** Places an order of two, ships it, and opens its page. */
async function shipped(page: Page, language: string): Promise<Order> {
  const { order, link } = await place('LONG', 'sandbox_ok', 2);
  await reached(order, 'CONFIRMED');
  await call('order.v1.OrderService/ShipOrder', { id: order.id, carrier: 'Post', trackingCode: '0034 0434' });
  await page.goto(link);
  await page.goto(`${language}/orders/${order.number}`);
  return order;
}

/** What can only be clicked, or is said of the page and not of the order. */
const forScreens = '.skip, .announcement, .foot, nav, form, input, button, summary, header .account, header .cart, [role=alert], [role=status]';

/** What is cut off by the box that it stands in. */
async function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => [...document.querySelectorAll('body *')]
    .filter((element) => element.checkVisibility() && getComputedStyle(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth)
    .map((element) => `${element.localName}.${element.className}`));
}

for (const language of ['', '/de', '/ar']) {
  test(`the page of an order is a receipt on paper: ${language || '/'}`, async ({ page }) => {
    const order = await shipped(page, language);
    const imprint = page.locator('main address', { hasText: 'Ada Lovelace, https://ada.example/.' });
    await expect(imprint).toBeHidden();
    await page.setViewportSize({ width: 673, height: 900 }); // of A4 between its margins
    await page.emulateMedia({ media: 'print' });
    for (const shown of await page.locator(forScreens).all()) await expect(shown).toBeHidden();
    await expect(page.locator('.masthead .shop-name')).toBeVisible();
    await expect(page.locator('h1')).toContainText(order.number);
    await expect(imprint).toBeVisible();
    await expect(page.locator('.timeline time')).toHaveCount(3);
    const [unit, sum] = await page.locator('.order-lines tbody tr').evaluateAll((rows) => rows.flatMap((row) => [...row.querySelectorAll('p bdi, td bdi')].map((one) => one.textContent)));
    expect(unit, 'one costs').toMatch(/\d/);
    expect(sum, 'and two cost more').not.toBe(unit);
    const follow = page.locator('a[href^="https://post.example/"]');
    await expect(follow).toBeVisible();
    expect(await follow.evaluate((link) => getComputedStyle(link, '::after').content)).toMatch(/attr\(href\)|https:\/\/post\.example\/parcels\?code=0034%200434/);
    await fits(page);
    expect(await cut(page)).toEqual([]);
    for (const format of ['A4', 'Letter'] as const) {
      const pdf = (await page.pdf({ format })).toString('latin1');
      expect(pdf.match(/\/Type\s*\/Page\b/g), `it is one sheet of ${format}`).toHaveLength(1);
    }
  });
}
