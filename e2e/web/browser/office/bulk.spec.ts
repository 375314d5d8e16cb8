// Many orders at once (myparcelnl/woocommerce#408, reactioncommerce/reaction#2837).
import { call, once, place, sell, type Order } from '../served.ts';
import { address } from '../visit.ts';
import { paid } from './made.ts';
import { expect, test } from './office.ts';
import { calls } from './refusals.ts';

interface Shipped extends Order {
  etag: string;
  shipment?: { trackingCode?: string };
}

const many = 50;

/** Returns the orders of an e-mail address as they are now, the newest first. */
async function ordersOf(email: string, filter = ''): Promise<Shipped[]> {
  const answer = await call<{ orders?: Shipped[] }>('order.v1.OrderService/ListOrders', { filter: `email = ${JSON.stringify(email)}${filter}`, pageSize: 100 });
  return answer.orders ?? [];
}

test('of fifty orders three can’t be shipped: 47 are, the three are named, and again is a no-op', async ({ desk }) => {
  const [product, email] = [await sell(many), address()];
  for (let i = 0; i < many; i++) await once('an order is placed', () => place(product.code, 'sandbox_ok', 1, email));
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length, 'all are paid').toBe(many);

  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(many);
  await desk.selectAll();
  await expect(desk.page.locator('.bulk-bar')).toContainText('50 selected');
  await desk.ask('orders.ship');
  const pasted = (await ordersOf(email)).map(({ number }) => `${number}\tPOST-${number}`).join('\n');
  await desk.field('tracking_codes').fill(pasted);

  const gone = (await ordersOf(email)).slice(10, 13);
  for (const { id } of gone) await call('order.v1.OrderService/CancelOrder', { id, requestId: crypto.randomUUID() });
  await expect.poll(async () => (await ordersOf(email, ' AND state = CANCELLED')).length).toBe(3);
  await desk.send();
  const outcome = desk.dialog.getByRole('status').filter({ hasText: 'shipped' });
  await expect(outcome).toContainText('47 of 50 are shipped.');
  await expect(outcome.getByRole('listitem')).toHaveCount(3);
  for (const { number } of gone) await expect(outcome).toContainText(`${number}: `);

  const sent = await ordersOf(email, ' AND state = SHIPPED');
  expect(sent).toHaveLength(47);
  expect(sent.every(({ number, shipment }) => shipment?.trackingCode === `POST-${number}`), 'each has its own code').toBe(true);

  await desk.send();
  await expect(desk.dialog.getByRole('button', { name: 'Ship 3 orders' })).toBeEnabled();
  await expect(outcome).toContainText('47 of 50 are shipped.');
  await expect(outcome.getByRole('listitem')).toHaveCount(3);
  expect(await ordersOf(email, ' AND state = SHIPPED')).toEqual(sent);

  await desk.button('action.cancel').click();
  await desk.button('draft.give_up').click();
  await expect(desk.rows.filter({ hasText: 'Shipped' })).toHaveCount(47);
});

test('“all that fit” are those of the filter, beyond the page that is shown', async ({ desk, page }) => {
  const [product, email] = [await sell(5), address()];
  for (let i = 0; i < 5; i++) await once('an order is placed', () => place(product.code, 'sandbox_ok', 1, email));
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length, 'all are paid').toBe(5);
  const [first] = await ordersOf(email);
  await call('order.v1.OrderService/CancelOrder', { id: first?.id, requestId: crypto.randomUUID() });
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length).toBe(4);
  // A page of two.
  await page.route('**/shopmesh.order.v1.OrderService/ListOrders', (route) => {
    const asked = route.request().postDataJSON() as { pageSize: number };
    return route.continue({ postData: JSON.stringify({ ...asked, pageSize: asked.pageSize === 50 ? 2 : asked.pageSize }) });
  });
  await desk.open(`/orders?q=${email}&view=to_ship`);
  await expect(desk.rows).toHaveCount(2);
  await desk.selectAll();
  await page.getByRole('button', { name: 'Select all 4 that fit' }).click();
  await expect(page.locator('.bulk-bar')).toContainText('4 selected');
  await desk.ask('orders.ship');
  await desk.send();
  await expect(desk.dialog.getByRole('status').filter({ hasText: 'shipped' })).toContainText('4 of 4 are shipped.');
  expect(await ordersOf(email, ' AND state = SHIPPED')).toHaveLength(4);
  expect(await ordersOf(email, ' AND state = CANCELLED')).toHaveLength(1);
});

test('“all that fit” are there to be selected on any page', async ({ desk, page }) => {
  const email = address();
  for (let i = 0; i < 3; i++) await paid('BLUE', 1, email);
  await page.route(calls('order.v1.OrderService/ListOrders'), (route) => {
    const asked = route.request().postDataJSON() as { pageSize: number };
    return route.continue({ postData: JSON.stringify({ ...asked, pageSize: asked.pageSize === 50 ? 2 : asked.pageSize }) });
  });
  await desk.open(`/orders?q=${email}`);
  await desk.button('pager.next').click();
  await expect(desk.rows).toHaveCount(1);
  await desk.selectAll();
  await page.getByRole('button', { name: 'Select all 3 that fit' }).click();
  await expect(page.locator('.bulk-bar')).toContainText('3 selected');
});

test('where too many fit to select them all, it says so', async ({ desk, page }) => {
  const order = await paid();
  await page.route(calls('order.v1.OrderService/ListOrders'), async (route) => {
    const answered = await route.fetch();
    await route.fulfill({ response: answered, json: { ...((await answered.json()) as object), totalSize: 201 } });
  });
  await desk.open(`/orders?q=${order.number}`);
  await desk.selectAll();
  await expect(page.locator('.bulk-bar')).toContainText('All that fit can be selected where they are 200 at most');
});

test('the answer is lost: again ships nothing twice, and says what is shipped', async ({ desk, page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const [product, email] = [await sell(2), address()];
  for (let i = 0; i < 2; i++) await place(product.code, 'sandbox_ok', 1, email);
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length).toBe(2);
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(2);
  await desk.selectAll();
  await desk.ask('orders.ship');
  const method = '**/shopmesh.order.v1.OrderService/BatchShipOrders';
  await page.route(method, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await desk.send();
  await expect(desk.summary).toContainText('The shop can’t be reached right now.');
  const sent = await ordersOf(email, ' AND state = SHIPPED');
  expect(sent).toHaveLength(2);
  await page.unroute(method);
  await desk.send();
  await expect(desk.dialog.getByRole('status').filter({ hasText: 'shipped' })).toContainText('2 of 2 are shipped.');
  expect(await ordersOf(email)).toEqual(sent);
});

test('what a colleague changed meanwhile is shown at its order, and again ships the order as it is then', async ({ desk }) => {
  const [product, email] = [await sell(3), address()];
  for (let i = 0; i < 2; i++) await place(product.code, 'sandbox_ok', 1, email);
  const gone = await place(product.code, 'sandbox_ok', 1, email);
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length).toBe(3);
  await call('order.v1.OrderService/CancelOrder', { id: gone.order.id, requestId: crypto.randomUUID() });
  await expect.poll(async () => (await ordersOf(email, ' AND state = CANCELLED')).length).toBe(1);
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(3);
  await desk.selectAll();
  await desk.ask('orders.ship');
  await expect(desk.dialog).toContainText(`1 of the selected orders is not to be shipped:${gone.order.number}: Cancelled`);
  const [changed] = await ordersOf(email, ' AND state = CONFIRMED');
  await call('order.v1.OrderService/UpdateOrder', { order: { id: changed?.id, contact: { phone: '+44 20 7946 0999' } }, updateMask: 'contact.phone' });
  await desk.field('carrier').fill('Post');
  await desk.send();
  const outcome = desk.dialog.getByRole('status').filter({ hasText: 'are shipped' });
  await expect(outcome).toContainText('1 of 2 are shipped.');
  await expect(outcome.getByRole('listitem')).toContainText(`${changed?.number}: `);
  await expect(outcome.getByRole('listitem')).toContainText('→ +44 20 7946 0999');
  await expect(desk.field('carrier')).toHaveValue('Post');
  await desk.send();
  await expect(outcome).toContainText('2 of 2 are shipped.');
});

test('what was typed for many orders is offered after a reload, and codes stay with their orders', async ({ desk, page }) => {
  const [product, email] = [await sell(2), address()];
  for (let i = 0; i < 2; i++) await once('an order is placed', () => place(product.code, 'sandbox_ok', 1, email));
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length).toBe(2);
  const [first] = await ordersOf(email);
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(2);
  await desk.selectAll();
  await desk.ask('orders.ship');
  await desk.field('tracking_codes').fill('ONE\nTWO');
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await desk.ready();
  await call('order.v1.OrderService/ShipOrder', { id: first?.id, trackingCode: 'ONE' });
  await expect(page.getByText('2 orders were about to be shipped.')).toBeVisible();
  await desk.button('draft.go_on').click();
  await expect(desk.field('tracking_codes')).toHaveValue('ONE\nTWO');
  await desk.dialog.getByRole('button', { name: 'Ship 1 order', exact: true }).click();
  await expect(desk.dialog.getByRole('status').filter({ hasText: 'are shipped' })).toContainText('2 of 2 are shipped.');
  expect((await ordersOf(email)).map(({ shipment }) => shipment?.trackingCode)).toEqual(['ONE', 'TWO']);
  await desk.button('action.close').click();
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')))).toEqual([]);
});

test('what is selected is printed, each order once', async ({ desk, page }) => {
  const [product, email] = [await sell(4), address()];
  for (let i = 0; i < 2; i++) await place(product.code, 'sandbox_ok', 2, email);
  await expect.poll(async () => (await ordersOf(email, ' AND state = CONFIRMED')).length).toBe(2);
  const numbers = (await ordersOf(email)).map(({ number }) => number);
  for (const [sheet, sheets] of [['print.slip', 2], ['print.receipt', 2], ['print.pick', 1]] as const) {
    await desk.open(`/orders?q=${email}`);
    await desk.selectAll();
    await desk.button(sheet).click();
    await expect(page.locator('.print-sheet')).toHaveCount(sheets);
    for (const number of numbers) await expect(page.locator('main')).toContainText(number);
  }
  await expect(page.locator('.print-sheet tbody tr')).toHaveText(new RegExp(`${product.code}.*4`));
});
