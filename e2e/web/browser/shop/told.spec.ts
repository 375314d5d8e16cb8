// Whatever changed or is wrong is told, at once, where it is, to everybody.
import { expect, test } from '../check.ts';
import { deliver, euros, ordersOf, reprice, sell } from '../served.ts';
import { ada, address, fill, form, holds, isPaid, order } from '../visit.ts';

// woocommerce#52663, #23630
test('price and stock changed meanwhile: one notice, old and new, and one click on', async ({ page }) => {
  const [product, email] = [await sell(8, euros(5), 'Grey mug'), address()];
  await holds(page, product.code, 8);
  await page.goto('/checkout');
  await fill(page, { ...ada, 'contact.email': email });
  await reprice(product, euros(6));
  await deliver(product, -5);
  await order(page);
  const notice = page.getByRole('alert');
  await expect(notice).toHaveCount(1);
  await expect(notice).toBeFocused();
  await expect(notice.getByRole('listitem')).toHaveText([
    '“Grey mug”: 3 instead of 8',
    '“Grey mug” costs €6.00 now, and not €5.00 any more',
    'Total: €18.00 instead of €40.00',
  ]);
  await page.getByRole('button', { name: 'Order for €18.00' }).click();
  await isPaid(page);
  expect(await ordersOf(email)).toMatchObject([{ total: { currencyCode: 'EUR', units: '18' } }]);
});

// woocommerce#43614, #37602; vendure#4741, #4173
test('what is wrong has the focus, stands at its field, and the button stays alive', async ({ page }) => {
  await holds(page, 'BLUE');
  await page.goto('/checkout');
  const button = form(page, '/checkout/place').getByRole('button');
  await expect(button).toBeEnabled();
  await button.click(); // the browser itself points at the first field that is empty
  await expect(page.locator('[name="contact.email"]')).toBeFocused();
  await expect(button).toBeEnabled();

  await form(page, '/checkout/place').evaluate((element) => ((element as HTMLFormElement).noValidate = true));
  await fill(page, { ...ada, 'contact.email': 'ada@' });
  await button.click();
  const summary = page.getByRole('alert');
  await expect(summary).toBeFocused();
  await expect(page.locator('[name="contact.email"]')).toHaveAccessibleDescription(/This is no e-mail address/);
  await summary.getByRole('link', { name: /E-mail/ }).click();
  await expect(page.locator('[name="contact.email"]')).toBeFocused();
  await expect(form(page, '/checkout/place').getByRole('button')).toBeEnabled();
});

// woocommerce#43614
test('a notice of a page that was loaded has the focus', async ({ page }) => {
  await holds(page, 'BLUE');
  for (const path of ['/cart?added=1', '/cart?problem=quantity', '/cart?n=1&removed=LOW', '/orders/find?sent=1']) {
    await page.goto(path);
    await expect(page.locator('main [autofocus]'), path).toBeFocused();
  }
});
