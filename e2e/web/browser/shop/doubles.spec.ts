// One checkout is one order and one mail, whatever is clicked, lost or closed
// (woocommerce#14541, #30759).
import type { Page } from '@playwright/test';
import { expect, test } from '../check.ts';
import { call, mailedBy, ordersOf } from '../served.ts';
import { ada, address, fill, form, holds, isPaid, order, readyToOrder } from '../visit.ts';

const send = '**/checkout/place';

/** Checks that an e-mail address has one order, which a page shows, and one mail by the time that it was told of the parcel, too. */
async function once(page: Page, email: string, again = false): Promise<void> {
  await isPaid(page, again);
  const orders = await ordersOf(email);
  expect(orders).toHaveLength(1);
  expect(page.url()).toContain(orders[0]?.number);
  for (const placed of orders) {
    await mailedBy(placed, 'ORDER_CONFIRMED');
    await call('order.v1.OrderService/ShipOrder', { id: placed.id });
    expect(await mailedBy(placed, 'ORDER_SHIPPED'), 'one mail').toEqual(['ORDER_CONFIRMED', 'ORDER_SHIPPED']);
  }
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a double click orders once', async ({ page }) => {
      const email = await readyToOrder(page, 'BLUE');
      await form(page, '/checkout/place').getByRole('button').dblclick();
      await once(page, email, !javaScriptEnabled);
    });

    test('a double click adds once', async ({ page }) => {
      await page.goto('/p/BLUE/blue-mug');
      await holds(page, 'LOW'); // a first click is no visitor's yet (docs/decisions/0066)
      await page.reload();
      await page.getByRole('button', { name: 'Add to cart' }).dblclick();
      await expect(page).toHaveURL(/\/cart\?added=/);
      await page.goto('/cart');
      await expect(page.locator('.line').filter({ hasText: 'Blue mug' }).getByRole('spinbutton')).toHaveValue('1');
    });
  });
}

test('two tabs order once, and both show it', async ({ page, context }) => {
  const email = await readyToOrder(page, 'BLUE');
  const other = await context.newPage();
  await other.goto('/checkout');
  await fill(other, { ...ada, 'contact.email': email });
  await Promise.all([order(page), order(other)]);
  await isPaid(page);
  await isPaid(other);
  expect(other.url()).toBe(page.url());
  await once(page, email);
});

test('the answer is lost: trying again leads to the order', async ({ page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const email = await readyToOrder(page, 'BLUE');
  await page.route(send, async (route) => {
    await route.fetch({ maxRedirects: 0 });
    await route.abort();
  });
  await order(page);
  const notice = page.getByRole('alert').filter({ hasText: 'can’t be reached' });
  await expect(notice).toBeFocused();
  await page.unroute(send);
  await notice.getByRole('button', { name: 'Try again' }).click();
  await once(page, email);
});

test('the tab is killed: the checkout opened anew leads to the order', async ({ page, context }) => {
  const email = await readyToOrder(page, 'BLUE');
  const closed = page.waitForEvent('close');
  await page.route(send, async (route) => {
    await route.fetch({ maxRedirects: 0 });
    await page.close();
  });
  await order(page).catch(() => undefined); // the click ends with the tab
  await closed;
  const anew = await context.newPage();
  await anew.goto('/checkout');
  await once(anew, email);
});

test('two orders one after the other are two', async ({ page }) => {
  const email = address();
  for (const already of [0, 1]) {
    expect(await ordersOf(email)).toHaveLength(already);
    await holds(page, 'BLUE');
    await page.goto('/checkout');
    await fill(page, { ...ada, 'contact.email': email });
    await order(page);
    await isPaid(page);
  }
  expect(await ordersOf(email)).toHaveLength(2);
});
