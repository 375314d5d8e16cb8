// Signing in, what a session asks for, and what surrounds the screens.
import { expect, type Desk } from '../office.ts';
import { toShip } from '../made.ts';
import { answer, expired, failed, hold, refuse, unproved, type Refusal } from '../refusals.ts';
import type { State } from '../state.ts';

/** Opens an order by a call that is refused first, and waits for what is asked then. */
async function asked(desk: Desk, refusal: Refusal): Promise<void> {
  const order = await toShip();
  await desk.open(`/orders?q=${order.number}`);
  if (refusal === expired) await desk.page.context().clearCookies(); // so that there is no session to renew it by
  await refuse(desk, 'order.v1.OrderService/GetOrder', refusal, 1);
  await desk.rows.getByRole('link').click();
  await expect(desk.dialog).toBeVisible();
}

async function enrolls(desk: Desk): Promise<void> {
  await asked(desk, unproved({ enroll: 'true' }));
  await expect(desk.dialog.locator('.qr-code path')).toBeVisible();
}

export const frame: State[] = [
  {
    name: 'signing in',
    who: 'nobody',
    open: async (desk) => {
      desk.errors.expect(/status of 401/); // there is no session to go on with
      await desk.open('/');
    },
  },
  {
    name: 'signing in, refused',
    who: 'nobody',
    open: async (desk) => {
      desk.errors.expect(/status of 4\d\d/);
      await desk.open('/');
      await desk.field('email').fill(`nobody-${crypto.randomUUID()}@example.com`);
      await desk.field('password').fill('a guess');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'accepting an invitation, refused',
    who: 'nobody',
    open: async (desk) => {
      desk.errors.expect(/status of 4\d\d/);
      await desk.open('/accept-invitation#sm_ln_none');
      await desk.field('first_name').fill('Grace');
      await desk.field('password').fill('short');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'the shop can’t be reached',
    open: async (desk) => {
      await refuse(desk, 'identity.v1.AccountService/RefreshSession', failed);
      await desk.open('/');
      await expect(desk.page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'the session has ended', open: (desk) => asked(desk, expired) },
  { name: 'a proof is asked for', open: (desk) => asked(desk, unproved({ otp: 'true' })) },
  { name: 'one-time codes, the secret', open: enrolls },
  {
    name: 'one-time codes, a wrong code',
    open: async (desk) => {
      await enrolls(desk);
      desk.errors.expect(/status of 401/);
      await desk.field('totp_code').fill('000000');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'one-time codes, recovery codes',
    open: async (desk) => {
      await answer(desk, 'identity.v1.AccountService/ConfirmTotp', { recoveryCodes: Array.from({ length: 10 }, (_, at) => `abcd-efgh-${1000 + at}`) });
      await enrolls(desk);
      await desk.field('totp_code').fill('000000');
      await desk.send();
      await expect(desk.dialog.locator('.codes')).toBeVisible();
    },
  },
  { name: 'today', open: (desk) => desk.open('/') },
  {
    name: 'today, loading',
    open: async (desk) => {
      for (const method of ['ListOrders', 'SummarizeOrders']) await hold(desk, `order.v1.OrderService/${method}`);
      await desk.page.goto('/office/');
      await expect(desk.page.locator('#main .skeleton div').first()).toBeVisible();
    },
  },
  {
    name: 'today, parts failed',
    open: async (desk) => {
      for (const method of ['ListOrders', 'SummarizeOrders']) await refuse(desk, `order.v1.OrderService/${method}`, failed);
      await desk.open('/');
      await expect(desk.page.getByRole('alert').first()).toBeVisible();
    },
  },
  {
    name: 'the figures as a table',
    open: async (desk) => {
      await toShip();
      await desk.open('/');
      await desk.page.locator('summary').first().click();
    },
  },
  {
    name: 'the menu of a phone',
    open: async (desk) => {
      await desk.page.setViewportSize({ width: 320, height: 900 });
      await desk.open('/');
      await desk.button('nav.menu').click();
      await expect(desk.places).toBeVisible();
    },
  },
  {
    name: 'keys',
    open: async (desk) => {
      await desk.open('/');
      await desk.page.keyboard.press('?');
      await expect(desk.dialog).toBeVisible();
    },
  },
  { name: 'no such page', open: (desk) => desk.open('/nothing') },
  { name: 'forbidden', who: 'clerk', open: (desk) => desk.open('/orders') },
  {
    name: 'offline',
    open: async (desk) => {
      desk.errors.expect(/ERR_INTERNET_DISCONNECTED/);
      await desk.open('/');
      await desk.page.context().setOffline(true);
      await expect(desk.page.locator('.connection-bar')).toBeVisible();
    },
  },
];
