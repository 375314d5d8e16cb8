// The cart and the checkout in each state.
import { expect } from '@playwright/test';
import { keepAddress, sends, signIn } from './account.ts';
import { archive, deliver, euros, ordersBy, place, reached, reprice, sell, served } from './served.ts';
import { go, type State, type Visitor } from './state.ts';
import { ada, fill, form, holds, order } from './visit.ts';

const cart: State[] = [
  { name: 'cart, empty', open: (v) => go(v, '/cart') },
  {
    name: 'cart, just added to',
    open: async (v) => {
      await holds(v.page, 'LONG', 2);
      await holds(v.page, 'BLUE', 2);
      await go(v, '/cart?added=1');
    },
  },
  {
    name: 'cart, changed meanwhile',
    open: async (v) => {
      const [short, gone] = [await sell(5), await sell(5)];
      await holds(v.page, short.code, 4);
      await holds(v.page, gone.code, 1);
      await go(v, '/cart');
      await deliver(short, -3);
      await reprice(short, euros(6));
      await archive(gone);
      await go(v, '/cart');
    },
  },
  {
    name: 'cart, something removed',
    open: async (v) => {
      await holds(v.page, 'LONG', 2);
      await holds(v.page, 'BLUE', 2);
      await go(v, '/cart');
      await form(v.page, '/cart/set').last().getByRole('button').click();
      await expect(v.page.locator('.undo')).toBeVisible();
    },
  },
  ...['quantity', 'full', 'total', 'currency', 'product', 'stock'].map((problem) => ({
    name: `cart, not changed: ${problem}`,
    open: async (v: Visitor) => {
      await holds(v.page, 'BLUE');
      await go(v, `/cart?problem=${problem}`);
    },
  })),
  {
    name: 'cart, ordered again without what is gone',
    open: async (v) => {
      const product = await sell(5, euros(5), 'Mug of last summer');
      const placed = await place(product.code);
      await reached(placed.order, 'CONFIRMED');
      await archive(product);
      await holds(v.page, 'BLUE');
      await v.page.request.get(placed.link, { maxRedirects: 0 }); // it sets the session's cookie
      await sends(v.page, `/orders/${placed.order.number}/again`, {}, '/cart?left=1');
      await go(v, '/cart?left=1');
      await expect(v.page.locator('.notice')).toContainText(product.name);
    },
  },
  {
    name: 'cart, its stock is not known',
    open: async (v) => {
      await v.page.request.post(`${served.parts}/cart/add`, { form: { code: 'BLUE', quantity: 2 }, maxRedirects: 0 });
      await go(v, '/cart', 200, served.parts);
      await expect(v.page.locator('.notice[data-kind=warn]')).toBeVisible();
    },
  },
  {
    name: 'cart, filled before signing in',
    open: async (v) => {
      await holds(v.page, 'BLUE', 2);
      await signIn(v.page);
      await go(v, '/cart');
    },
  },
];

const checkout: State[] = [
  {
    name: 'checkout, empty',
    open: async (v) => {
      await holds(v.page, 'BLUE', 2);
      await go(v, '/checkout');
    },
  },
  {
    name: 'checkout, errors',
    open: async (v) => {
      await holds(v.page, 'BLUE', 2);
      await go(v, '/checkout');
      await fill(v.page, { ...ada, 'contact.email': 'ada@example', 'shipping_address.region_code': 'US' });
      await order(v.page);
      await expect(v.page.locator('.problems')).toBeVisible();
    },
  },
  {
    name: 'checkout, something changed',
    open: async (v) => {
      const product = await sell(8);
      await holds(v.page, product.code, 5);
      await go(v, '/checkout');
      await fill(v.page, ada);
      await reprice(product, euros(6));
      await deliver(product, -6);
      await order(v.page);
      await expect(v.page.locator('.problems')).toBeVisible();
    },
  },
  {
    name: 'checkout, another way to pay is needed',
    open: async (v) => {
      await holds(v.page, 'BLUE');
      await go(v, '/checkout');
      await fill(v.page, ada);
      await v.page.locator('[name=payment_method]:checked').evaluate((field) => ((field as HTMLInputElement).value = 'shells'));
      await order(v.page);
      await expect(v.page.locator('.problems')).toBeVisible();
    },
  },
  {
    name: 'checkout, too many orders are not paid',
    open: async (v) => {
      await ordersBy(await signIn(v.page), 20, 'sandbox_slow');
      await holds(v.page, 'BLUE');
      await go(v, '/checkout');
      await fill(v.page, ada);
      await order(v.page);
      await expect(v.page.locator('.notice[data-kind=bad]')).toBeVisible();
    },
  },
  {
    name: 'checkout, the address that was kept is gone',
    open: async (v) => {
      await signIn(v.page);
      await keepAddress(v.page, 'home');
      await holds(v.page, 'BLUE');
      await go(v, '/checkout');
      const address = await v.page.locator('[name=saved]').first().inputValue();
      await sends(v.page, `/account/addresses/${address}/delete`, {}, '/account/addresses?deleted=1');
      await order(v.page);
      await expect(v.page.locator('.problems')).toBeVisible();
    },
  },
  {
    name: 'checkout, sent after signing out',
    open: async (v) => {
      const email = await signIn(v.page);
      await holds(v.page, 'BLUE');
      await go(v, '/checkout');
      await fill(v.page, ada);
      await sends(v.page, '/account/sign-out', {}, '/account/sign-in?out=1');
      await order(v.page);
      await expect(v.page).toHaveURL(/\/account\/sign-in\?next=/);
      await sends(v.page, '/account/sign-in/send', { email, password: served.password, next: '/checkout' }, '/checkout');
      await go(v, '/checkout');
      await expect(v.page.locator('.notice[data-kind=bad]')).toBeVisible();
    },
  },
];

export const carts: readonly State[] = [...cart, ...checkout];
