// Every page of the shop in every state that it can be brought to, for the checks of how pages look.
import { expect } from '@playwright/test';
import { accounts } from './account_states.ts';
import { carts } from './cart_states.ts';
import { call, euros, once, place, reached, sell, served, type GuestOrder, type Order } from './served.ts';
import { go, type State, type Visitor } from './state.ts';
import { form } from './visit.ts';

export type { State, Visitor } from './state.ts';

const catalog: State[] = [
  { name: 'home', open: (v) => go(v, '/') },
  { name: 'home, no products', open: (v) => go(v, '/', 200, served.halted) },
  { name: 'category, no products', open: (v) => go(v, served.empty, 200, served.halted) },
  { name: 'category', open: (v) => go(v, served.category) },
  {
    name: 'category, page 2',
    open: async (v) => {
      await go(v, served.category);
      await v.page.locator('a[rel=next]').click();
      await expect(v.page).toHaveURL(/page=/);
    },
  },
  { name: 'category, wrong prices', open: (v) => go(v, `${served.category}?min=x&max=y`) },
  { name: 'category, nothing fits', open: (v) => go(v, `${served.category}?min=99999&stock=1`) },
  { name: 'search', open: (v) => go(v, '/search?q=mug') },
  { name: 'search, nothing found', open: (v) => go(v, '/search?q=zeppelin') },
  { name: 'product', open: (v) => go(v, '/p/BLUE/blue-mug') },
  { name: 'product, a picture', open: (v) => go(v, '/p/PICTURE/mug-with-a-picture') },
  {
    name: 'product, the picture fails',
    open: async (v) => {
      v.errors.expect(/pictures\.example/);
      await v.page.route('https://pictures.example/**', (route) => route.abort());
      await go(v, '/p/PICTURE/mug-with-a-picture');
    },
  },
  { name: 'product, few left', open: (v) => go(v, '/p/LOW/rare-mug') },
  { name: 'product, sold out', open: (v) => go(v, '/p/NONE/sold-out-mug') },
  { name: 'product, a long name', open: (v) => v.page.goto(`${v.language}/p/LONG`).then(() => undefined) },
  { name: 'product, without what is around it', open: (v) => go(v, '/p/BLUE/blue-mug', 200, served.parts) },
  { name: 'product, archived', open: (v) => go(v, '/p/OLD/old-mug', 410) },
];

/** Opens the page of an order that was brought to a state. */
async function ordered(v: Visitor, placed: Awaited<ReturnType<typeof place>>, state: string): Promise<void> {
  await reached(placed.order, state);
  await v.page.request.get(placed.link, { maxRedirects: 0 }); // it sets the session's cookie
  await go(v, `/orders/${placed.order.number}`);
}

async function act(method: string, id: string, more: object = {}): Promise<void> {
  await call(`order.v1.OrderService/${method}`, { id, ...more });
}

/** Opens the page of an order in the shop whose inventory fails. */
async function halted(v: Visitor, order: GuestOrder): Promise<void> {
  await v.page.request.get(`${served.halted}${order.link}`, { maxRedirects: 0 });
  await go(v, `/orders/${order.number}`, 200, served.halted);
}

const orders: State[] = [
  { name: 'order, placed', open: (v) => halted(v, served.placed) },
  { name: 'order, it waited too long', open: (v) => halted(v, served.expired) },
  { name: 'order, awaiting its payment', open: async (v) => ordered(v, await place('BLUE', 'sandbox_slow'), 'AWAITING_PAYMENT') },
  {
    name: 'order, to be paid',
    open: async (v) => {
      const placed = await place('BLUE', 'stripe_checkout');
      await once('the order can be paid', async () => {
        await ordered(v, placed, 'AWAITING_PAYMENT');
        await expect(v.page.locator('main a.button:not([data-kind])')).toBeVisible({ timeout: 1 });
      });
    },
  },
  { name: 'order, paid', open: async (v) => ordered(v, await place('BLUE'), 'CONFIRMED') },
  {
    name: 'order, offline',
    open: async (v) => {
      v.errors.expect(/ERR_INTERNET_DISCONNECTED/);
      await ordered(v, await place('BLUE'), 'CONFIRMED');
      await v.page.context().setOffline(true);
      await expect(v.page.locator('header [data-part=connection]')).toBeVisible();
    },
  },
  {
    name: 'order, cancelling it',
    open: async (v) => {
      await ordered(v, await place('BLUE'), 'CONFIRMED');
      await v.page.locator('main summary').click();
    },
  },
  {
    name: 'order, shipped',
    open: async (v) => {
      const placed = await place('BLUE');
      await reached(placed.order, 'CONFIRMED');
      await act('ShipOrder', placed.order.id, { carrier: 'Post', trackingCode: '00340434161094042557' });
      await ordered(v, placed, 'SHIPPED');
    },
  },
  {
    name: 'order, delivered',
    open: async (v) => {
      const placed = await place('BLUE');
      await reached(placed.order, 'CONFIRMED');
      await act('ShipOrder', placed.order.id);
      await act('MarkOrderDelivered', placed.order.id);
      await ordered(v, placed, 'DELIVERED');
    },
  },
  {
    name: 'order, cancelled and paid back',
    open: async (v) => {
      const placed = await place('BLUE');
      await reached(placed.order, 'CONFIRMED');
      await act('CancelOrder', placed.order.id, { requestId: crypto.randomUUID() });
      await ordered(v, placed, 'CANCELLED');
    },
  },
  {
    name: 'order, partly paid back',
    open: async (v) => {
      const placed = await place('BLUE', 'sandbox_ok', 2);
      await reached(placed.order, 'CONFIRMED');
      const now = async (): Promise<Order> => (await call<{ order: Order }>('order.v1.OrderService/GetOrder', { id: placed.order.id })).order;
      await call('payment.v1.PaymentService/RefundPayment', { requestId: crypto.randomUUID(), paymentId: (await now()).paymentId, amount: euros(1) });
      await expect.poll(async () => (await now()).refunded?.units, 'order knows the refund').toBe('1');
      await ordered(v, placed, 'CONFIRMED');
    },
  },
  { name: 'order, its payment declined', open: async (v) => ordered(v, await place('BLUE', 'sandbox_declined'), 'CANCELLED') },
  { name: 'order, not enough left', open: async (v) => ordered(v, await place((await sell(1)).code, 'sandbox_ok', 2), 'CANCELLED') },
  {
    name: 'order, too late to cancel it',
    open: async (v) => {
      const placed = await place('BLUE', 'sandbox_declined');
      await ordered(v, placed, 'CANCELLED');
      await go(v, `/orders/${placed.order.number}?problem=state`);
    },
  },
];

const rest: State[] = [
  { name: 'find an order', open: (v) => go(v, '/orders/find') },
  {
    name: 'find an order, errors',
    open: async (v) => {
      await v.page.request.post('/orders/link', { form: { number: 'x', email: 'ada@' } });
      await go(v, '/orders/find');
    },
  },
  { name: 'find an order, its link is mailed', open: (v) => go(v, '/orders/find?sent=1') },
  { name: 'legal text', open: (v) => go(v, '/legal/imprint') },
  { name: 'no such page', open: (v) => go(v, '/nothing', 404) },
  { name: 'no such order', open: (v) => go(v, '/orders/AAAA-AAAA', 404) },
  { name: 'a form alone', open: (v) => go(v, '/cart/add', 405) },
  {
    name: 'a form that is too long',
    open: async (v) => {
      await go(v, '/cart');
      v.errors.expect(/status of 400/);
      await v.page.evaluate((action) => {
        const [form, field] = [document.createElement('form'), document.createElement('textarea')];
        Object.assign(form, { method: 'post', action });
        Object.assign(field, { name: 'code', value: 'x'.repeat(70_000) });
        form.append(field);
        document.body.append(form);
        form.submit();
      }, `${v.language}/cart/add`);
      await expect(v.page).toHaveURL(/\/cart\/add$/);
    },
  },
  {
    name: 'no network',
    open: async (v) => {
      v.errors.expect(/ERR_INTERNET_DISCONNECTED/);
      await go(v, '/p/BLUE/blue-mug');
      await v.page.context().setOffline(true);
      await form(v.page, '/cart/add').getByRole('button').click();
      await expect(v.page.locator('[data-part=lost]')).toBeVisible();
    },
  },
  { name: 'too many requests', open: (v) => go(v, '/', 429, served.limited) },
  { name: 'a failure', open: (v) => go(v, '/', 500, served.broken) },
  { name: 'the shop is busy', open: (v) => go(v, '/', 503, served.away) },
];

export const states: readonly State[] = [...catalog, ...carts, ...orders, ...accounts, ...rest];
