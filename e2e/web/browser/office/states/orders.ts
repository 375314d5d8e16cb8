// Orders, what is done with them, and what is printed about them.
import { call, euros, sell } from '../../served.ts';
import { expect, type Desk } from '../office.ts';
import { awaited, cancelled, delivered, mail, paid, refunded, sent, toShip } from '../made.ts';
import { alter, answer, calls, failed, hold, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

/** Opens an order, and what one of its buttons asks. */
async function opened(desk: Desk, order: Promise<{ id: string }>, ask?: string): Promise<void> {
  await desk.open(`/orders/${(await order).id}`);
  if (ask) await desk.ask(ask);
}

/** Opens a list of two orders, and selects both. */
async function selected(desk: Desk, email = `selected-${crypto.randomUUID()}@example.com`): Promise<{ id: string }[]> {
  const both = [await paid('BLUE', 1, email), await paid('LONG', 1, email)];
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(2);
  await desk.selectAll();
  return both;
}

/** Types into the correction of an order what the shop refuses. */
async function correctedWrong(desk: Desk): Promise<void> {
  await opened(desk, toShip(), 'correct.open');
  desk.errors.expect(/status of 400/);
  await desk.field('contact.email').fill('ada@');
  await desk.field('shipping_address.region_code').fill('');
  await desk.page.keyboard.press('Tab'); // its list covers what is below it
  await desk.send();
  await expect(desk.summary).toBeFocused();
}

const lists: State[] = [
  {
    name: 'orders',
    open: async (desk) => {
      for (const order of [awaited, toShip, sent, delivered, cancelled]) await order();
      await desk.open('/orders');
    },
  },
  {
    name: 'orders, loading',
    open: async (desk) => {
      await hold(desk, 'order.v1.OrderService/ListOrders');
      await desk.page.goto('/office/orders');
      await expect(desk.page.locator('#main .skeleton div').first()).toBeVisible();
    },
  },
  { name: 'orders, nothing found', open: (desk) => desk.open('/orders?q=zeppelin&view=overdue') },
  {
    name: 'orders, failed',
    open: async (desk) => {
      await refuse(desk, 'order.v1.OrderService/ListOrders', failed);
      await desk.open('/orders');
    },
  },
  {
    name: 'orders, a page that is gone',
    open: async (desk) => {
      desk.errors.expect(/status of 400/);
      await desk.open('/orders?page=gone');
      await expect(desk.page.getByRole('alert')).toBeVisible();
    },
  },
  {
    name: 'orders, new ones wait',
    open: async (desk) => {
      await toShip();
      await desk.page.clock.install();
      await desk.open('/orders');
      await expect(desk.rows.first()).toBeVisible();
      await paid();
      await desk.page.clock.fastForward(31_000);
      await expect(desk.page.locator('.button', { hasText: /^\d+ (new|neue?)/ })).toBeVisible();
    },
  },
  { name: 'orders, some selected', open: async (desk) => void (await selected(desk)) },
  {
    name: 'orders, shipping some',
    open: async (desk) => {
      await selected(desk);
      await desk.ask('orders.ship');
      await desk.field('tracking_codes').fill('00340434161094042557\n00340434161094042564');
    },
  },
  {
    name: 'orders, shipping some was begun',
    open: async (desk) => {
      await selected(desk);
      await desk.ask('orders.ship');
      await desk.field('tracking_codes').fill('00340434161094042557');
      desk.page.once('dialog', (dialog) => void dialog.accept());
      await desk.page.reload();
      await desk.ready();
      await expect(desk.button('draft.go_on')).toBeVisible();
    },
  },
  {
    name: 'orders, some could not be shipped',
    open: async (desk) => {
      const [first] = await selected(desk);
      await desk.ask('orders.ship');
      await call('order.v1.OrderService/CancelOrder', { id: first?.id, requestId: crypto.randomUUID() });
      await desk.send();
      await expect(desk.dialog.locator('.problems li')).toHaveCount(1);
    },
  },
];

const one: State[] = [
  { name: 'order, awaiting its payment', open: (desk) => opened(desk, awaited()) },
  { name: 'order, to be shipped', open: (desk) => opened(desk, toShip()) },
  { name: 'order, shipped', open: (desk) => opened(desk, sent()) },
  { name: 'order, delivered', open: (desk) => opened(desk, delivered()) },
  { name: 'order, cancelled and paid back', open: (desk) => opened(desk, cancelled()) },
  {
    name: 'order, loading',
    open: async (desk) => {
      await hold(desk, 'order.v1.OrderService/GetOrder');
      await desk.page.goto(`/office/orders/${(await toShip()).id}`);
      await expect(desk.page.locator('#main .skeleton div').first()).toBeVisible();
    },
  },
  {
    name: 'order, there is none',
    open: async (desk) => {
      desk.errors.expect(/status of 404/);
      await desk.open('/orders/0190a5d1-ac96-774b-bcce-b302099a8001');
    },
  },
  {
    name: 'order, parts failed',
    open: async (desk) => {
      await refuse(desk, 'order.v1.OrderService/GetOrderTimeline', failed);
      await refuse(desk, 'payment.v1.PaymentService/GetPayment', failed);
      await opened(desk, toShip());
    },
  },
  { name: 'order, shipping it', open: (desk) => opened(desk, toShip(), 'ship.open') },
  { name: 'order, correcting the shipment', open: (desk) => opened(desk, sent(), 'tracking.open') },
  { name: 'order, correcting it', open: (desk) => opened(desk, toShip(), 'correct.open') },
  { name: 'order, correcting it, refused', open: correctedWrong },
  {
    name: 'order, somebody else corrected it, too',
    open: async (desk) => {
      const order = await paid((await sell(1)).code);
      await opened(desk, Promise.resolve(order), 'correct.open');
      await desk.field('contact.phone').fill('+44 20 7946 0018');
      await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, contact: { phone: '+44 20 7946 0999' } }, updateMask: 'contact.phone' });
      desk.errors.expect(/status of (400|409)/);
      await desk.send();
      await expect(desk.dialog.locator('[data-kind=warn]')).toBeVisible();
    },
  },
  { name: 'order, cancelling it', open: (desk) => opened(desk, toShip(), 'cancel.open') },
  {
    name: 'order, it could not be read again',
    open: async (desk) => {
      await desk.page.clock.install();
      await opened(desk, toShip());
      await refuse(desk, 'order.v1.OrderService/GetOrder', failed);
      await desk.page.clock.fastForward(16_000);
      await expect(desk.page.locator('main > .notice[data-kind=warn]')).toBeVisible();
    },
  },
  {
    name: 'order, giving up what was typed',
    open: async (desk) => {
      await opened(desk, toShip(), 'correct.open');
      await desk.field('contact.phone').fill('+44 20 7946 0018');
      await desk.page.keyboard.press('Escape');
      await expect(desk.button('draft.give_up')).toBeVisible();
    },
  },
  {
    name: 'order, items are not back in stock',
    open: async (desk) => {
      await opened(desk, paid('LONG'), 'refund.open');
      await desk.field('by').selectOption('all');
      await desk.dialog.locator('[data-field=restock] label').click();
      await refuse(desk, 'inventory.v1.InventoryService/AdjustStock', failed);
      await desk.send();
      await expect(desk.button('refund.restock_again')).toBeVisible();
      await expect(desk.page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'order, refunding items', open: (desk) => opened(desk, toShip(), 'refund.open') },
  {
    name: 'order, refunding nothing',
    open: async (desk) => {
      await opened(desk, toShip(), 'refund.open');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'order, refunding an amount',
    open: async (desk) => {
      await opened(desk, toShip(), 'refund.open');
      await desk.field('by').selectOption('amount');
    },
  },
  {
    name: 'order, sending a mail again',
    open: async (desk) => {
      await mail();
      await opened(desk, toShip(), 'mail.resend');
    },
  },
];

/** What banks and the payment provider come to seldom, and what is under way. */
const seldom: State[] = [
  {
    name: 'order, disputed',
    open: async (desk) => {
      const dispute = (status: string, reason: string) => ({ id: crypto.randomUUID(), status: `ORDER_DISPUTE_STATUS_${status}`, reason, amount: euros(5), openTime: '2026-11-30T12:00:00Z' });
      await alter<{ order: object }>(desk, 'order.v1.OrderService/GetOrder', ({ order }) => ({
        order: { ...order, disputes: [dispute('NEEDS_RESPONSE', 'fraudulent'), dispute('WON', 'some_new_reason')] },
      }));
      await opened(desk, toShip());
      await expect(desk.page.locator('main .notice')).toHaveCount(2);
    },
  },
  {
    name: 'order, parts of what happened are missing',
    open: async (desk) => {
      await alter(desk, 'order.v1.OrderService/GetOrderTimeline', (timeline) => ({ ...timeline, missing: ['payment', 'notification'] }));
      await opened(desk, toShip());
      await expect(desk.page.locator('main .notice[data-kind=warn]')).toBeVisible();
    },
  },
  {
    name: 'order, a refund that waits and one that failed',
    open: async (desk) => {
      const refund = (status: string, more: object) => ({ id: crypto.randomUUID(), amount: euros(1), status: `REFUND_STATUS_${status}`, createTime: '2026-11-30T12:00:00Z', ...more });
      await answer(desk, 'payment.v1.PaymentService/ListRefunds', {
        refunds: [refund('PENDING', { reason: 'It came late.' }), refund('FAILED', { failureCode: 'expired_or_canceled_card' })],
      });
      await opened(desk, toShip());
    },
  },
  {
    name: 'order, a refund was sent and has no answer',
    open: async (desk) => {
      await opened(desk, toShip(), 'refund.open');
      await desk.field('by').selectOption('all');
      desk.errors.expect(/ERR_FAILED/);
      await desk.page.route(calls('payment.v1.PaymentService/RefundPayment'), (route) => route.abort());
      await desk.send();
      await expect(desk.summary).toBeFocused();
      await expect(desk.dialog.locator('.notice[role=status]')).toBeVisible();
    },
  },
  {
    name: 'order, saving',
    open: async (desk) => {
      await opened(desk, paid(), 'ship.open'); // one of its own: what is held may be done once the page is left
      await hold(desk, 'order.v1.OrderService/ShipOrder');
      await desk.send();
      await expect(desk.dialog.locator('.button[data-pending]')).toBeVisible();
    },
  },
  {
    name: 'order, somebody else changed it before it is shipped',
    open: async (desk) => {
      const order = await paid((await sell(1)).code);
      await opened(desk, Promise.resolve(order), 'ship.open');
      await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, contact: { phone: '+44 20 7946 0999' } }, updateMask: 'contact.phone' });
      desk.errors.expect(/status of (400|409)/);
      await desk.send();
      await expect(desk.dialog.locator('.notice[role=status]')).toBeVisible();
    },
  },
];

/** Opens what is printed about orders: two, if none are given. */
async function printed(desk: Desk, sheet: string, orders?: { id: string }[]): Promise<void> {
  const about = orders ?? [await toShip(), await sent()];
  await desk.page.goto(`/office/print?sheet=${sheet}&orders=${about.map(({ id }) => id).join('%2C')}`);
  await expect(desk.page.locator('.print-sheet').first()).toBeVisible();
}

const paper: State[] = [
  ...['slip', 'receipt', 'pick'].map((sheet): State => ({ name: `paper, ${sheet}`, open: (desk) => printed(desk, sheet) })),
  ...['slip', 'receipt'].map((sheet): State => ({ name: `paper, ${sheet} in Arabic`, open: async (desk) => printed(desk, sheet, [await refunded('ar')]) })),
];

export const orders: State[] = [...lists, ...one, ...seldom, ...paper];
