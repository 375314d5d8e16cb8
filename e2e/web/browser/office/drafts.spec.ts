// What is typed stays until it is saved or given up (medusajs/admin#369, saleor#4462,
// vendure#4389), nobody is warned without a reason, and two people change the same thing without
// losing either's change (PrestaShop#19454, open-mercato#5985).
import type { Page } from '@playwright/test';
import { call, sell, type Product } from '../served.ts';
import { mail, paid, toShip } from './made.ts';
import { expect, test, type Desk } from './office.ts';
import { answer, calls } from './refusals.ts';

const stale = /status of (400|409)/;

async function productNow(product: Product): Promise<{ name: string; description?: string }> {
  return (await call<{ product: { name: string; description?: string } }>('catalog.v1.ProductService/GetProduct', { id: product.id })).product;
}

async function change(product: Product, what: Record<string, string>): Promise<void> {
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id: product.id, ...what }, updateMask: Object.keys(what).join() });
}

/** Fails the check where the browser asks whether to leave. */
function asksNothing(page: Page): void {
  page.on('dialog', (dialog) => {
    throw new Error(`the browser asks: ${dialog.message()}`);
  });
}

// medusajs/admin#369, saleor#4462
test('what is read again, and a dialog over the form, keep what was typed', async ({ desk, page }) => {
  const product = await sell(3);
  await desk.open(`/products/${product.id}`);
  await desk.field('name').fill('Mug of mine');
  await change(product, { description: 'Theirs.' });
  await desk.ask('stock.adjust');
  await desk.field('delta').fill('2');
  await desk.field('reason').fill('delivery');
  await desk.send();
  await desk.said(`The stock of ${product.code} is changed.`);
  await expect(desk.field('name')).toHaveValue('Mug of mine');
  await expect(page.locator('main form [role=alert]')).toContainText('Somebody else changed something else meanwhile. What you typed is kept.');
  await desk.button('overtaken.go_on').click();
  await expect(desk.field('name')).toHaveValue('Mug of mine');
  await expect(desk.field('description')).toHaveValue('Theirs.');
  await desk.send();
  await desk.said('Mug of mine is saved.');
  expect(await productNow(product)).toMatchObject({ name: 'Mug of mine', description: 'Theirs.' });
});

/** Loads a page with a draft anew: the browser can't know that nothing would be lost, and asks. */
async function reloadAsked(page: Page): Promise<void> {
  const asked = page.waitForEvent('dialog');
  const loaded = page.reload();
  expect((await asked).type()).toBe('beforeunload');
  await (await asked).accept();
  await loaded;
}

// vendure#4389
test('a reload, another screen and Back keep what was typed', async ({ desk, page }) => {
  const product = await sell(3);
  await desk.open(`/products/${product.id}`);
  await desk.field('description').fill('Half a sentence');
  await reloadAsked(page);
  await desk.ready();
  asksNothing(page);
  await expect(desk.field('description')).toHaveValue('Half a sentence');
  await desk.places.getByRole('link', { name: 'Orders' }).click();
  await desk.ready();
  await page.goBack();
  await expect(desk.field('description')).toHaveValue('Half a sentence');
  await desk.button('action.cancel').click();
  await expect(desk.field('description')).toHaveValue('');
  await page.reload();
  await desk.ready();
  await expect(desk.field('description')).toHaveValue('');
});

test('what was changed and changed back is no draft: others’ changes are shown without a word', async ({ desk, page }) => {
  asksNothing(page);
  const product = await sell(3);
  await desk.open(`/products/${product.id}`);
  await desk.field('name').fill('Something else');
  await desk.field('name').fill(product.name);
  await change(product, { name: 'Theirs' });
  await desk.places.getByRole('link', { name: 'Orders' }).click();
  await desk.ready();
  await desk.open(`/products/${product.id}`);
  await expect(desk.field('name')).toHaveValue('Theirs');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.close({ runBeforeUnload: true });
});

test('a form that is given up is forgotten after a question, and one that was only looked at asks nothing', async ({ desk, page }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await page.keyboard.press('Escape');
  await expect(desk.dialog).toHaveCount(0);
  await desk.ask('correct.open');
  await desk.field('contact.phone').fill('+44 20 7946 0018');
  await reloadAsked(page);
  await desk.ready();
  await desk.ask('correct.open');
  await expect(desk.field('contact.phone')).toHaveValue('+44 20 7946 0018');
  await page.keyboard.press('Escape');
  await desk.button('draft.go_on').click();
  await expect(desk.field('contact.phone')).toHaveValue('+44 20 7946 0018');
  await desk.button('action.cancel').click();
  await desk.button('draft.give_up').click();
  await expect(desk.dialog).toHaveCount(0);
  asksNothing(page);
  await page.reload();
  await desk.ready();
  await desk.ask('correct.open');
  await expect(desk.field('contact.phone')).toHaveValue('');
});

/** Dialogs with a text alone, by the screen that they are over, how one opens them, and the field. */
const dialogs: Record<string, { screen: () => Promise<string>; ask: (desk: Desk) => Promise<void>; field: string }> = {
  'what came of a contradiction': {
    screen: () => Promise.resolve('/contradictions'),
    ask: (desk) => desk.rows.first().click(),
    field: 'note',
  },
  'a price list': { screen: () => Promise.resolve('/products/grid'), ask: (desk) => desk.ask('grid.paste'), field: 'list' },
  'another address for a mail': { screen: async () => `/mails/${(await mail()).id}`, ask: (desk) => desk.ask('mail.resend'), field: 'recipient' },
};

for (const [name, { screen, ask, field }] of Object.entries(dialogs)) {
  test(`${name} is asked about before it is dropped, and is there after a reload`, async ({ desk, page }) => {
    const { id } = await toShip();
    await answer(desk, 'payment.v1.PaymentService/ListContradictions', {
      contradictions: [{ id, eventId: 'evt_1', eventType: 'payment_intent.succeeded', cause: 'the amount is 12.00 EUR', createTime: '2026-11-30T12:00:00Z' }],
    });
    await desk.open(await screen());
    await ask(desk);
    await desk.field(field).fill('typed@example.com');
    await page.keyboard.press('Escape');
    await desk.button('draft.go_on').click();
    await expect(desk.field(field)).toHaveValue('typed@example.com');
    await reloadAsked(page);
    await desk.ready();
    await ask(desk);
    await expect(desk.field(field)).toHaveValue('typed@example.com');
    await desk.button('action.cancel').click();
    await desk.button('draft.give_up').click();
    await expect(desk.dialog).toHaveCount(0);
    asksNothing(page);
    await page.reload();
    await desk.ready();
    await ask(desk);
    await expect(desk.field(field)).not.toHaveValue('typed@example.com');
  });
}

// PrestaShop#19454
test('what two people changed stands beside each other, field by field, and nothing of either is lost', async ({ desk, errors }) => {
  errors.expect(stale);
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await desk.field('contact.phone').fill('+44 20 7946 0018');
  await desk.field('shipping_address.locality').fill('Oxford');
  await call('order.v1.OrderService/UpdateOrder', {
    order: { id: order.id, contact: { phone: '+44 20 7946 0999', lastName: 'King' }, shippingAddress: { locality: 'Bath' } },
    updateMask: 'contact.phone,contact.lastName,shippingAddress.locality',
  });
  await desk.send();
  await expect(desk.summary).toContainText('Somebody else changed this meanwhile.');
  const notice = desk.dialog.locator('[data-kind=warn]');
  await expect(notice.getByRole('definition')).toHaveText([/theirs: \+44 20 7946 0999, yours: \+44 20 7946 0018/, /theirs: Bath, yours: Oxford/]);
  await notice.getByRole('button', { name: 'Take theirs' }).last().click();
  await desk.button('overtaken.go_on').click();
  await expect(notice).toHaveCount(0);
  await desk.send();
  await desk.said(`${order.number} is corrected.`);
  const { order: now } = await call<{ order: { contact: object; shippingAddress: object } }>('order.v1.OrderService/GetOrder', { id: order.id });
  expect(now).toMatchObject({ contact: { phone: '+44 20 7946 0018', lastName: 'King' }, shippingAddress: { locality: 'Bath' } });
});

test('a country that two people changed is shown by its name', async ({ desk, page, errors }) => {
  errors.expect(stale);
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await desk.field('shipping_address.region_code').fill('austria');
  await page.getByRole('option', { name: 'Austria', exact: true }).click();
  await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, shippingAddress: { regionCode: 'FR' } }, updateMask: 'shippingAddress.regionCode' });
  await desk.send();
  await expect(desk.dialog.locator('[data-kind=warn]').getByRole('definition')).toHaveText(/theirs: France, yours: Austria/);
});

// open-mercato#5985
test('nobody is told of a change of their own, however fast they go on', async ({ desk, page }) => {
  const product = await sell(3);
  await desk.open(`/products/${product.id}`);
  await desk.field('name').fill('First');
  await page.route(calls('catalog.v1.ProductService/GetProduct'), async (route) => {
    await expect(desk.field('name')).toHaveValue('Second'); // what was saved is read again only after more was typed
    await route.continue();
  });
  await desk.send();
  await desk.said('is saved.');
  await desk.field('name').fill('Second');
  await desk.send();
  await expect.poll(async () => (await productNow(product)).name).toBe('Second');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(desk.field('name')).toHaveValue('Second');
});

test('what was counted goes as a difference: what was sold meanwhile stays sold', async ({ desk }) => {
  const product = await sell(3);
  await desk.open(`/products/${product.id}`);
  await desk.ask('stock.adjust');
  await desk.field('by').selectOption('count');
  await desk.field('delta').fill('5');
  await call('inventory.v1.InventoryService/AdjustStock', { requestId: crypto.randomUUID(), productCode: product.code, delta: '-1', reason: 'sold at the market' });
  await desk.send();
  await desk.said(`The stock of ${product.code} is changed.`);
  const { stock } = await call<{ stock: { onHand: string } }>('inventory.v1.InventoryService/GetStock', { productId: product.id });
  expect(stock.onHand).toBe('4');
});

test('a count of what is there changes nothing, and says so', async ({ desk }) => {
  const product = await sell(1);
  await desk.open(`/products/${product.id}`);
  await desk.ask('stock.adjust');
  await desk.field('by').selectOption('count');
  await desk.field('delta').fill('1');
  await desk.send();
  await desk.said('1 is on hand already: nothing was changed.');
  await expect(desk.dialog).toHaveCount(0);
});

test('settings are saved twice in a row, and a save without a change says so', async ({ desk, page }) => {
  await desk.open('/settings?context=inventory');
  await desk.send();
  await desk.said('Nothing was changed.');
  for (const threshold of ['6', '7']) {
    await desk.field('low_stock_threshold').fill(threshold);
    await desk.send();
    await expect(desk.button('action.cancel')).toHaveCount(0); // nothing is left to be given up
    await desk.said('The settings are saved.');
    await expect(desk.field('low_stock_threshold')).toHaveValue(threshold);
  }
  await desk.button('settings.to_default').click();
  await desk.send();
  await expect(desk.button('settings.to_default')).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
