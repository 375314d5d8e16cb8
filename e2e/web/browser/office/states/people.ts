// Customers, mails, who works for the shop, and who did what.
import { call, callAsPerson } from '../../served.ts';
import { expect, type Desk } from '../office.ts';
import { customer, hired, mail, paid, toShip } from '../made.ts';
import { answer, failed, overtaken, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

const customers: State[] = [
  {
    name: 'customers',
    open: async (desk) => {
      await customer();
      await desk.open('/customers');
    },
  },
  { name: 'customers, nothing found', open: (desk) => desk.open('/customers?q=zeppelin') },
  {
    name: 'customers, the data of a guest',
    open: async (desk) => {
      await desk.open('/customers');
      await desk.page.locator('summary').click();
      await desk.field('guest').fill('ada@example.com');
    },
  },
  { name: 'customer', open: async (desk) => desk.open(`/customers/${(await customer()).id}`) },
  {
    name: 'customer, there is none',
    open: async (desk) => {
      desk.errors.expect(/status of 404/);
      await desk.open('/customers/0190a5d1-ac96-774b-bcce-b302099a8001');
    },
  },
  {
    name: 'customer, erasing the data',
    open: async (desk) => {
      await desk.open(`/customers/${(await customer()).id}`);
      await desk.ask('erase.open');
    },
  },
  {
    name: 'customer, orders that are open',
    open: async (desk) => {
      const email = `open-${crypto.randomUUID()}@example.com`;
      await paid('BLUE', 1, email);
      await desk.open('/customers');
      await desk.page.locator('summary').click();
      await desk.field('guest').fill(email);
      await desk.ask('erase.open');
      desk.errors.expect(/status of (400|409)/);
      await desk.send();
      await expect(desk.field('even_open_orders')).toBeAttached();
    },
  },
];

const mails: State[] = [
  {
    name: 'mails',
    open: async (desk) => {
      await mail();
      await desk.open('/mails');
    },
  },
  { name: 'mails, nothing found', open: (desk) => desk.open('/mails?q=nobody%40example.com') },
  { name: 'how mails look', open: (desk) => desk.open('/mails/preview') },
  { name: 'how mails look, from right to left', open: (desk) => desk.open('/mails/preview?kind=ORDER_CANCELLED&language=ar') },
  {
    name: 'how mails look, failed',
    open: async (desk) => {
      await refuse(desk, 'notification.v1.NotificationService/PreviewTemplate', failed);
      await desk.open('/mails/preview');
      await expect(desk.page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'mail', open: async (desk) => desk.open(`/mails/${(await mail()).id}`) },
  {
    name: 'mail, there is none',
    open: async (desk) => {
      desk.errors.expect(/status of 404/);
      await desk.open('/mails/0190a5d1-ac96-774b-bcce-b302099a8001');
    },
  },
];

/** Opens a dialog of the screen of staff. */
async function staffing(desk: Desk, ask: string): Promise<void> {
  await desk.open('/staff');
  await desk.ask(ask);
}

const staff: State[] = [
  { name: 'staff', open: (desk) => desk.open('/staff') },
  { name: 'staff, inviting somebody', open: (desk) => staffing(desk, 'staff.invite') },
  {
    name: 'staff, inviting nobody',
    open: async (desk) => {
      await staffing(desk, 'staff.invite');
      desk.errors.expect(/status of 400/);
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'staff, changing what somebody may do',
    open: async (desk) => {
      await desk.open('/staff');
      await desk.rows.filter({ hasText: 'clerk@example.com' }).click();
      await expect(desk.dialog).toBeVisible();
    },
  },
  {
    name: 'staff, two people change what somebody may do',
    open: async (desk) => {
      const { id, email } = await hired();
      await desk.open('/staff');
      await desk.rows.filter({ hasText: email }).click();
      await desk.dialog.getByText(desk.say('permission.STOCK_READ'), { exact: true }).click();
      await callAsPerson('identity.v1.StaffService/SetRoles', { id, permissions: ['PERMISSION_CUSTOMERS_READ'] });
      desk.errors.expect(/status of (400|409)/);
      await desk.send();
      await expect(desk.dialog.locator('[data-kind=warn]')).toBeVisible();
    },
  },
  {
    name: 'staff, keeping somebody out, refused',
    open: async (desk) => {
      const { email } = await hired();
      await desk.open('/staff');
      await desk.rows.filter({ hasText: email }).click();
      await desk.dialog.locator('.button[data-kind=bad]').click();
      await expect(desk.dialog).toHaveCount(2);
      await refuse(desk, 'identity.v1.StaffService/DisableAccount', overtaken);
      await desk.dialog.last().locator('.button[data-kind=bad]').click();
      await expect(desk.dialog.last().getByRole('alert')).toBeVisible();
    },
  },
  { name: 'staff, making a key', open: (desk) => staffing(desk, 'key.make') },
  {
    name: 'staff, a key is shown',
    open: async (desk) => {
      await answer(desk, 'identity.v1.StaffService/CreateApiKey', { secret: `sm_ak_${'0123456789abcdef'.repeat(4)}` });
      await staffing(desk, 'key.make');
      await desk.field('display_name').fill('Accounting');
      await desk.field('expire_time').fill('2027-01-31');
      await desk.send();
      await expect(desk.dialog.locator('.secret')).toBeVisible();
    },
  },
  {
    name: 'staff, revoking a key',
    open: async (desk) => {
      await answer(desk, 'identity.v1.StaffService/ListApiKeys', {
        apiKeys: [{ id: (await toShip()).id, displayName: 'Accounting', permissions: ['PERMISSION_ORDERS_READ', 'PERMISSION_PAYMENTS_READ'], expireTime: '2027-01-31T11:00:00Z' }],
      });
      await desk.open('/staff');
      await desk.rows.filter({ hasText: 'Accounting' }).click();
      await expect(desk.dialog).toBeVisible();
    },
  },
  {
    name: 'activity',
    open: async (desk) => {
      const { id } = await toShip();
      await call('order.v1.OrderService/UpdateOrder', { order: { id, contact: { phone: '+44 20 7946 0018' } }, updateMask: 'contact.phone' });
      await desk.open('/activity');
    },
  },
  { name: 'activity, nothing found', open: (desk) => desk.open('/activity?q=products%2Fnone&view=refused') },
];

export const people: State[] = [...customers, ...mails, ...staff];
