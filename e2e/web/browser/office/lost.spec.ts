// An answer that is lost: the same is asked for again, and nothing is done twice (woocommerce#14541).
import type { Page } from '@playwright/test';
import { call, sell, type Order } from '../served.ts';
import { paid } from './made.ts';
import { expect, test, type Desk } from './office.ts';
import { calls, failed, refuse } from './refusals.ts';

/** Has the shop do what it is asked, and its answer lost. */
async function lose(page: Page, method: string): Promise<void> {
  await page.route(calls(method), async (route) => {
    await route.fetch();
    await route.abort();
  });
}

async function refundsOf({ paymentId }: Order): Promise<object[]> {
  return (await call<{ refunds?: object[] }>('payment.v1.PaymentService/ListRefunds', { paymentId })).refunds ?? [];
}

/** An order of two of a product, as it is once it is paid. */
async function two(code: string): Promise<Order> {
  const { id } = await paid(code, 2);
  return (await call<{ order: Order }>('order.v1.OrderService/GetOrder', { id })).order;
}

/** Asks for one item's money back. */
async function oneBack(desk: Desk): Promise<void> {
  await desk.ask('refund.open');
  await desk.dialog.locator('[data-field^="lines."] input:not([type=hidden])').first().press('ArrowUp');
  await expect(desk.dialog.getByRole('button', { name: 'Give back €5.00 for 1 item' })).toBeVisible();
}

test('a refund is made once, though its dialog was closed and the page loaded anew', async ({ desk, page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const order = await two((await sell(3)).code);
  await desk.open(`/orders/${order.id}`);
  await oneBack(desk);
  const method = 'payment.v1.PaymentService/RefundPayment';
  await lose(page, method);
  await desk.send();
  await expect(desk.summary).toContainText('The shop can’t be reached right now.');
  expect(await refundsOf(order)).toHaveLength(1);
  await page.keyboard.press('Escape');
  await desk.button('draft.give_up').click();
  await expect(desk.dialog).toHaveCount(0);
  await page.unroute(calls(method));
  await page.reload();
  await desk.ready();
  await oneBack(desk);
  await expect(desk.dialog).toContainText('This was sent already');
  await desk.send();
  await desk.said('€5.00 is being given back.');
  expect(await refundsOf(order)).toHaveLength(1);
  // The answer is there: the same once more is another refund.
  await oneBack(desk);
  await expect(desk.dialog).not.toContainText('This was sent already');
  await desk.send();
  await expect.poll(() => refundsOf(order)).toHaveLength(2);
});

test('a refund was made and its stock was not: that alone is done later, and nothing is given back again', async ({ desk, page }) => {
  const product = await sell(3);
  const order = await two(product.code);
  const onHand = async () => (await call<{ stock: { onHand?: string } }>('inventory.v1.InventoryService/GetStock', { productId: product.id })).stock.onHand;
  await expect.poll(onHand).toBe('1');
  await desk.open(`/orders/${order.id}`);
  await oneBack(desk);
  await desk.page.locator('[data-field="restock"] label').click();
  await refuse(desk, 'inventory.v1.InventoryService/AdjustStock', failed, 1);
  await desk.send();
  await expect(page.getByRole('alert')).toContainText(/not back in stock yet: 1 ×/);
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await desk.ready();
  await expect(page.locator('main')).toContainText('1 × ');
  await desk.button('refund.restock_again').click();
  await expect(desk.button('refund.restock_again')).toHaveCount(0);
  expect(await onHand()).toBe('2');
  expect(await refundsOf(order)).toHaveLength(1);
});

test('a delivery is booked in once', async ({ desk, page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const product = await sell(3);
  const onHand = async () => (await call<{ stock: { onHand?: string } }>('inventory.v1.InventoryService/GetStock', { productId: product.id })).stock.onHand;
  const book = async () => {
    await desk.ask('stock.adjust');
    await desk.field('delta').fill('5');
    await desk.field('reason').fill('delivery');
  };
  await desk.open(`/products/${product.id}`);
  await book();
  const method = 'inventory.v1.InventoryService/AdjustStock';
  await lose(page, method);
  await desk.send();
  await expect(desk.summary).toContainText('The shop can’t be reached right now.');
  expect(await onHand()).toBe('8');
  await desk.button('action.cancel').click();
  await desk.button('draft.give_up').click();
  await page.unroute(calls(method));
  await book();
  await desk.send();
  await desk.said(`The stock of ${product.code} is changed.`);
  expect(await onHand()).toBe('8');
});
