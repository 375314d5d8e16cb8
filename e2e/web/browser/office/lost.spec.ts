// An answer that is lost: the same is asked for again, and nothing is done twice (woocommerce#14541).
import type { Page } from '@playwright/test';
import { call, sell, type Order } from '../served.ts';
import { category, hired, paid } from './made.ts';
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

/** Forms that change what is there: what is typed into them, what they send, and what is read again then. */
const changes: Record<string, { type: (desk: Desk) => Promise<void>; sends: string; reads: string }> = {
  'a product': {
    type: async (desk) => {
      await desk.open(`/products/${(await sell(1)).id}`);
      await desk.field('description').fill('It is blue.');
    },
    sends: 'catalog.v1.ProductService/UpdateProduct',
    reads: 'catalog.v1.ProductService/GetProduct',
  },
  'a category': {
    type: async (desk) => {
      const { id } = await category('Cups');
      await desk.open('/categories');
      await desk.page.locator(`.tree [data-key="${id}"]`).getByRole('button', { name: desk.say('category.change') }).click();
      await desk.field('description').fill('With a handle.');
    },
    sends: 'catalog.v1.CategoryService/UpdateCategory',
    reads: 'catalog.v1.CategoryService/ListCategories',
  },
  'a correction': {
    type: async (desk) => {
      await desk.open(`/orders/${(await paid()).id}`);
      await desk.ask('correct.open');
      await desk.field('contact.phone').fill('+44 20 7946 0018');
    },
    sends: 'order.v1.OrderService/UpdateOrder',
    reads: 'order.v1.OrderService/GetOrder',
  },
  settings: {
    type: async (desk) => {
      await desk.open('/settings?context=edge');
      await desk.field('mails_rate').fill(`${9_000_000 + (Date.now() % 1_000_000)}/s`);
    },
    sends: 'config.v1.ConfigService/UpdateSettings',
    reads: 'config.v1.ConfigService/GetSettings',
  },
  'what somebody may do': {
    type: async (desk) => {
      const { email } = await hired();
      await desk.open('/staff');
      await desk.rows.filter({ hasText: email }).click();
      await desk.dialog.getByText(desk.say('permission.STOCK_READ'), { exact: true }).click();
    },
    sends: 'identity.v1.StaffService/SetRoles',
    reads: 'identity.v1.StaffService/ListAccounts',
  },
};

const drafts = (page: Page) => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')));

// open-mercato#5985
for (const [name, { type, sends, reads }] of Object.entries(changes)) {
  test.describe(name, () => {
    test.describe.configure({ mode: 'default' }); // both change the same settings

    test(`${name}: what was saved and its answer lost is read again, and is nobody else’s change`, async ({ desk, page, errors }) => {
      errors.expect(/ERR_FAILED/);
      await type(desk);
      expect(await drafts(page)).toHaveLength(1);
      await lose(page, sends);
      await desk.send();
      await expect(desk.summary).toContainText('The shop can’t be reached right now.');
      await expect.poll(() => drafts(page), 'nothing is left to save').toEqual([]);
      await expect(page.locator('[data-kind=warn]')).toHaveCount(0);
      await page.keyboard.press('Escape');
      await expect(desk.dialog).toHaveCount(0);
    });

    test(`${name}: what was saved and its answer lost is saved by the second try`, async ({ desk, page, errors }) => {
      errors.expect(/ERR_FAILED/);
      await type(desk);
      await lose(page, sends);
      await page.route(calls(reads), (route) => route.abort()); // so that the second try is the same as the first
      await desk.send();
      await expect(desk.summary).toContainText('The shop can’t be reached right now.');
      await page.unroute(calls(sends));
      const answered = page.waitForResponse(calls(sends));
      await desk.send();
      expect((await answered).status()).toBe(200);
    });
  });
}

test('somebody is invited once, and a key is made once, with a secret that is good', async ({ desk, page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const name = `Accounting ${crypto.randomUUID()}`;
  const keys = async () => {
    const { apiKeys = [] } = await call<{ apiKeys?: { displayName: string }[] }>('identity.v1.StaffService/ListApiKeys', { pageSize: 1000 });
    return apiKeys.filter(({ displayName }) => displayName === name);
  };
  const ids = new Set<string>();
  page.on('request', (request) => {
    if (/StaffService\/(InviteStaff|CreateApiKey)$/.test(request.url())) ids.add((request.postDataJSON() as { requestId: string }).requestId);
  });
  const lost = async (ask: string, method: string, fill: () => Promise<void>) => {
    await desk.ask(ask);
    await fill();
    await lose(page, method);
    await desk.send();
    await expect(desk.summary).toContainText('The shop can’t be reached right now.');
    await page.unroute(calls(method));
    page.once('dialog', (dialog) => void dialog.accept()); // something is typed
    await page.reload();
    await desk.ready();
    await desk.ask(ask);
    await expect(desk.dialog, 'the draft is there, and what is known of it').toContainText('This was sent already');
    await desk.send();
  };
  await desk.open('/staff');
  const email = `invited-${crypto.randomUUID()}@example.com`;
  await lost('staff.invite', 'identity.v1.StaffService/InviteStaff', () => desk.field('email').fill(email));
  await desk.said(`The invitation goes to ${email}.`);
  expect(ids.size).toBe(1);
  const filter = `recipient = ${JSON.stringify(email)}`;
  await expect
    .poll(async () => (await call<{ notifications?: object[] }>('notification.v1.NotificationService/ListNotifications', { filter })).notifications?.length)
    .toBe(1);
  await lost('key.make', 'identity.v1.StaffService/CreateApiKey', async () => {
    await desk.field('display_name').fill(name);
    await desk.field('expire_time').fill(new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10));
  });
  const secret = await desk.dialog.locator('.secret').textContent();
  expect(await keys()).toHaveLength(1);
  expect(ids.size).toBe(2);
  const shown = await page.request.post(calls('catalog.v1.ProductService/ListProducts'), { headers: { Authorization: `Bearer ${secret}` }, data: {} });
  expect(shown.status(), 'what is shown signs its program in').toBe(200);
});
