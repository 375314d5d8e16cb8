// A guest orders: by the keyboard alone, and without JavaScript.
import { expect, test } from '../check.ts';
import { ordersOf } from '../served.ts';
import { ada, address, fill, form, isPaid, order, tabTo } from '../visit.ts';

test('a guest orders by the keyboard alone', async ({ page }) => {
  const email = address();
  await page.goto('/search?q=blue');
  await tabTo(page, page.getByRole('link', { name: 'Blue mug' }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/p\/BLUE/);

  await tabTo(page, page.getByRole('spinbutton', { name: 'Quantity' }));
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('2');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.getByRole('status').filter({ hasText: 'It is in your cart' })).toBeFocused();

  await tabTo(page, page.getByRole('link', { name: 'To the checkout' }));
  await page.keyboard.press('Enter');
  for (const [name, value] of Object.entries({ ...ada, 'contact.email': email })) {
    await tabTo(page, page.locator(`[name="${name}"]`));
    await page.keyboard.type(name.endsWith('region_code') ? 'Q' : value); // no other country begins so
  }
  await expect(page.locator('[name="shipping_address.region_code"]')).toHaveValue('QA');
  await tabTo(page, page.getByRole('button', { name: 'Order for €10.00' }));
  await page.keyboard.press('Enter');
  await isPaid(page);
  await expect(page.locator('main :focus')).toBeVisible();
  expect(await ordersOf(email)).toHaveLength(1);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a guest orders, and cancels', async ({ page }) => {
    const email = address();
    await page.goto('/');
    await page.getByRole('searchbox').fill('blue');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: 'Blue mug' }).click();
    await page.getByRole('spinbutton', { name: 'Quantity' }).fill('2');
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await expect(page.getByText('It is in your cart')).toBeFocused();
    await page.getByRole('link', { name: 'To the checkout' }).click();
    await fill(page, { ...ada, 'contact.email': email, 'shipping_address.region_code': 'US' });
    await order(page);
    await expect(page.getByRole('alert')).toBeFocused();
    await fill(page, { 'shipping_address.region_code': 'GB' });
    await order(page);
    await isPaid(page, true);
    await page.getByText('Cancel this order').click();
    await form(page, '/cancel').getByRole('button').click();
    await expect(page.getByRole('heading', { name: 'Your order was cancelled' })).toBeVisible();
    expect(await ordersOf(email)).toMatchObject([{ state: 'ORDER_STATE_CANCELLED' }]);
  });
});
