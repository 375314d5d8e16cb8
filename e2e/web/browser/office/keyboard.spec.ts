// Working without a mouse: the keys of lists, and an order from its search to its refund.
import { call, sell } from '../served.ts';
import { address, tabTo } from '../visit.ts';
import { paid } from './made.ts';
import { expect, test } from './office.ts';

test('/ j k x Enter and ? work where nothing is typed', async ({ desk, page }) => {
  const email = address();
  for (let i = 0; i < 3; i++) await paid('BLUE', 1, email);
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(3);
  await page.keyboard.press('j');
  await expect(desk.rows.nth(0)).toBeFocused();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(desk.rows.nth(2)).toBeFocused(); // the last one stays
  await page.keyboard.press('k');
  await expect(desk.rows.nth(1)).toBeFocused();
  await page.keyboard.press('x');
  await expect(desk.rows.nth(1)).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.bulk-bar')).toContainText('1 selected');
  await page.keyboard.press('x');
  await expect(page.locator('.bulk-bar')).toHaveCount(0);
  await page.keyboard.press('?');
  await expect(page.getByRole('heading', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('j'); // nothing moves behind a dialog
  await page.keyboard.press('Escape');
  await expect(desk.dialog).toHaveCount(0);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await expect(page.getByRole('searchbox')).toHaveValue(email); // and no slash in it
  await desk.rows.nth(1).focus();
  const number = await desk.rows.nth(1).getByRole('link').textContent();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: number ?? '' })).toBeVisible();
});

test('an order is found, shipped and refunded by the keyboard alone', async ({ desk, page }) => {
  const product = await sell(5);
  const order = await paid(product.code, 2);
  await desk.open('/');
  await tabTo(page, desk.places.getByRole('link', { name: 'Orders' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Orders', level: 1 })).toBeVisible(); // the screen before is shown until it is loaded
  await desk.ready();
  await page.keyboard.press('/');
  await page.keyboard.type(order.number);
  await page.keyboard.press('Enter');
  await expect(desk.rows).toHaveCount(1);
  await tabTo(page, desk.rows.first());
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: order.number })).toBeVisible();

  await tabTo(page, desk.button('ship.open'));
  await page.keyboard.press('Enter');
  await expect(desk.field('carrier')).toBeFocused();
  await page.keyboard.type('Post');
  await page.keyboard.press('Tab');
  await page.keyboard.type('00340434161094042557');
  await page.keyboard.press('Enter');
  await desk.said(`${order.number} is shipped.`);
  await expect(desk.dialog).toHaveCount(0);
  await expect(desk.page.locator('.state-badge').first()).toHaveText('Shipped');
  await expect(page.getByRole('heading', { name: order.number })).toBeFocused(); // what opened the dialog is gone

  await tabTo(page, desk.button('refund.open'));
  await page.keyboard.press('Enter');
  await expect(desk.dialog).toBeVisible();
  await tabTo(page, desk.dialog.locator('[data-field^="lines."] input').first());
  await page.keyboard.press('ArrowUp');
  const submit = desk.dialog.locator('button[type=submit]');
  await expect(submit).toHaveText('Give back €5.00 for 1 item');
  await tabTo(page, submit);
  await page.keyboard.press('Enter');
  await desk.said('€5.00 is being given back.');
  await expect(page.locator(':focus')).toBeVisible();

  const { order: now } = await call<{ order: object }>('order.v1.OrderService/GetOrder', { id: order.id });
  expect(now).toMatchObject({ state: 'ORDER_STATE_SHIPPED', shipment: { carrier: 'Post', trackingCode: '00340434161094042557' } });
});
