// Each page of an account in each state, and what a visitor without one sees of it.
import { expect } from '@playwright/test';
import { beginFactor, codeOf, confirmFactor, keepAddress, keepCodes, sends, signIn } from './account.ts';
import { once, ordersBy, place, reached, served } from './served.ts';
import { go, type State, type Visitor } from './state.ts';
import { ada, fill, holds, order } from './visit.ts';

/** A page of an account, after something was done in it. */
function own(name: string, path: string, does: (visitor: Visitor) => Promise<void> = async () => undefined): State {
  return {
    name: `account, ${name}`,
    open: async (v) => {
      await signIn(v.page);
      await does(v);
      await go(v, path);
    },
  };
}

export const accounts: readonly State[] = [
  { name: 'account, signing in', open: (v) => go(v, '/account/sign-in') },
  {
    name: 'account, signing in, a wrong password',
    open: async (v) => {
      await sends(v.page, '/account/sign-in/send', { email: 'nobody@example.com', password: served.password }, '/account/sign-in');
      await go(v, '/account/sign-in');
    },
  },
  ...['reset', 'confirmed', 'out', 'erased'].map((done) => ({
    name: `account, signing in after it was done: ${done}`,
    open: (v: Visitor) => go(v, `/account/sign-in?${done}=1`),
  })),
  { name: 'account, signing up', open: (v) => go(v, '/account/sign-up') },
  { name: 'account, signing up, its link is mailed', open: (v) => go(v, '/account/sign-up?sent=1') },
  { name: 'account, a forgotten password', open: (v) => go(v, '/account/forgot') },
  { name: 'account, a forgotten password, its link is mailed', open: (v) => go(v, '/account/forgot?sent=1') },
  { name: 'account, a link that was mailed', open: (v) => go(v, '/account/verify') },
  { name: 'account, another password by a link', open: (v) => go(v, '/account/reset') },
  { name: 'account, another address by a link', open: (v) => go(v, '/account/confirm-email') },
  own('signed in', '/account?welcome=1'),
  own('no address', '/account/addresses'),
  own('two addresses', '/account/addresses?kept=1', async ({ page }) => {
    await keepAddress(page, 'Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung');
    await keepAddress(page, 'home');
  }),
  own('a new address, errors', '/account/addresses/new', ({ page }) =>
    sends(page, '/account/addresses/new/send', { 'shipping_address.region_code': 'US' }, '/account/addresses/new'),
  ),
  own('no orders', '/account/orders'),
  own('orders', '/account/orders', async (v) => {
    await holds(v.page, 'BLUE', 2);
    await go(v, '/checkout');
    await fill(v.page, ada);
    await order(v.page);
    await expect(v.page).toHaveURL(/\/orders\//);
  }),
  {
    name: 'account, orders, page 2',
    open: async (v) => {
      const email = await signIn(v.page);
      for (const count of [15, 6]) await once('no more than may wait for their payment do', () => ordersBy(email, count, 'sandbox_ok'));
      await go(v, '/account/orders');
      await v.page.locator('a[rel=next]').click();
      await expect(v.page).toHaveURL(/page=/);
    },
  },
  own('a checkout with an address', '/checkout', async ({ page }) => {
    await keepAddress(page, 'home');
    await holds(page, 'BLUE', 2);
  }),
  own('name and phone', '/account/profile'),
  own('another e-mail address', '/account/email'),
  own('another e-mail address, its link is mailed', '/account/email?sent=1'),
  own('another password', '/account/password'),
  own('another password, errors', '/account/password', ({ page }) =>
    sends(page, '/account/password/send', { password: served.password, new_password: 'short' }, '/account/password'),
  ),
  own('sessions', '/account/sessions'),
  own('erasing it', '/account/erase'),
  own('no second factor', '/account/second-factor'),
  own('the secret of a second factor', '/account/second-factor', ({ page }) => beginFactor(page)),
  own('a second factor, a wrong code', '/account/second-factor', async ({ page }) => {
    await beginFactor(page);
    await confirmFactor(page, () => '000000');
  }),
  own('recovery codes', '/account/second-factor', async ({ page }) => {
    await beginFactor(page);
    await confirmFactor(page, codeOf);
  }),
  own('a second factor', '/account/second-factor', async ({ page }) => {
    await beginFactor(page);
    await confirmFactor(page, codeOf);
    await keepCodes(page);
  }),
  { name: 'order, to be kept in the account', open: (v) => guestsOrder(v).then(() => undefined) },
  {
    name: 'order, kept in the account',
    open: async (v) => {
      const at = await guestsOrder(v);
      await sends(v.page, `${at}/claim`, {}, `${at}?kept=1`);
      await go(v, `${at}?kept=1`);
    },
  },
];

/** Opens a guest's order in an account, and returns its path. */
async function guestsOrder(v: Visitor): Promise<string> {
  const { order: placed, link } = await place('BLUE');
  const at = `/orders/${placed.number}`;
  await reached(placed, 'CONFIRMED');
  await signIn(v.page);
  await v.page.request.get(link, { maxRedirects: 0 });
  await go(v, at);
  return at;
}
