// Lists that load, and those that could not be loaded. Those of orders, products and the grid are beside their other states.
import { expect } from '../office.ts';
import { failed, hold, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

const read: Record<string, { path: string; method: string }> = {
  customers: { path: '/customers', method: 'customer.v1.CustomerService/ListCustomers' },
  mails: { path: '/mails', method: 'notification.v1.NotificationService/ListNotifications' },
  staff: { path: '/staff', method: 'identity.v1.StaffService/ListAccounts' },
  activity: { path: '/activity', method: 'identity.v1.ActivityService/ListActivity' },
  'little stock': { path: '/stock', method: 'inventory.v1.InventoryService/ListLowStock' },
  contradictions: { path: '/contradictions', method: 'payment.v1.PaymentService/ListContradictions' },
};

export const lists: State[] = Object.entries(read).flatMap(([name, { path, method }]) => [
  {
    name: `${name}, loading`,
    open: async (desk) => {
      await hold(desk, method);
      await desk.page.goto(`/office${path}`);
      await expect(desk.page.locator('#main .skeleton div').first()).toBeVisible();
    },
  },
  {
    name: `${name}, failed`,
    open: async (desk) => {
      await refuse(desk, method, failed);
      await desk.open(path);
      await expect(desk.page.getByRole('alert')).toBeVisible();
    },
  },
] satisfies State[]);
