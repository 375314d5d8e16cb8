// What was typed is kept, and what was filled in without a key is sent
// (woocommerce-blocks#8395, #4495).
import { signIn } from '../account.ts';
import { expect, test } from '../check.ts';
import { ordersOf } from '../served.ts';
import { ada, address, fill, form, holds, isPaid, order, readyToOrder, typedIn } from '../visit.ts';

test('a reload, Back, an error and another country keep every field', async ({ page }) => {
  await readyToOrder(page, 'BLUE');
  await page.getByText('Company, second line, phone').click();
  await fill(page, { 'contact.phone': '+44 20 7946 0018', 'shipping_address.organization': 'Analytical Engines' });
  await page.getByLabel('Test payment that takes a while').check();
  const typed = await typedIn(page);
  await page.reload();
  expect(await typedIn(page)).toEqual(typed);

  await page.getByRole('link', { name: 'Cart' }).click();
  await expect(page).toHaveURL('/cart');
  await page.goBack();
  await expect(page).toHaveURL('/checkout');
  await expect.poll(() => typedIn(page)).toEqual(typed);

  await fill(page, { 'contact.email': 'ada@', 'shipping_address.region_code': 'US' });
  await form(page, '/checkout/place').evaluate((element) => ((element as HTMLFormElement).noValidate = true)); // the browser would refuse the address itself
  await order(page);
  await expect(page.locator('.problems li')).toHaveCount(2);
  const wrong = { ...typed, 'contact.email': 'ada@', 'shipping_address.region_code': 'US' };
  expect(await typedIn(page)).toMatchObject(wrong);
  await page.reload();
  expect(await typedIn(page)).toMatchObject(wrong);
});

test('what a browser fills in without telling is ordered, and kept', async ({ page }) => {
  const email = address();
  await holds(page, 'BLUE');
  await page.goto('/checkout');
  await form(page, '/checkout/place').evaluate(
    (element, values) => {
      for (const [name, value] of Object.entries(values)) {
        const field = element.querySelector(`[name="${CSS.escape(name)}"]`);
        if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
      }
    },
    { ...ada, 'contact.email': email },
  );
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide'))); // as when the tab is left
  await page.reload();
  expect(await typedIn(page)).toMatchObject({ ...ada, 'contact.email': email });
  await order(page);
  await isPaid(page);
  expect(await ordersOf(email)).toMatchObject([{ contact: { firstName: 'Ada' } }]);
});

test('a draft is one checkout’s: the next one begins anew', async ({ page }) => {
  await readyToOrder(page, 'BLUE');
  await order(page);
  await isPaid(page);
  await holds(page, 'BLUE');
  await page.goto('/checkout');
  expect(await typedIn(page)).toMatchObject({ 'contact.email': '', 'shipping_address.locality': '' });
});

test('a form of an account is a draft, too, but for passwords', async ({ page }) => {
  await signIn(page);
  const typed: readonly (readonly [path: string, label: string, text: string])[] = [
    ['/account/profile', 'Phone', '+44 20 7946 0018'],
    ['/account/addresses/new', 'Town', 'London'],
    ['/account/email', 'E-mail', 'hopper@example.com'],
  ];
  for (const [path, label, text] of typed) {
    await page.goto(path);
    const field = page.getByRole('main').getByRole('textbox', { name: label });
    await expect(field).not.toHaveValue(text);
    await field.fill(text);
    await page.reload();
    await expect(field, path).toHaveValue(text);
  }
  const password = page.getByLabel('Password', { exact: true });
  await password.fill('green otters sail at dusk');
  await page.reload();
  await expect(password).toHaveValue('');

  await page.goto('/account/profile');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page).toHaveURL('/account/profile?changed=1');
  await page.goto('/account/sign-in'); // leads to the account
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page);
  await page.goto('/account/profile');
  await expect(page.getByLabel('Phone')).toHaveValue('');
});
