// Somebody else was faster: what is there by now is shown, and the next try is about that
// (PrestaShop#19454). Forms of orders and products are in drafts.spec.ts.
import { call, callAsPerson, sell } from '../served.ts';
import { accountOf, category, hired, paid, shipped } from './made.ts';
import { expect, test, type Desk } from './office.ts';

const meanwhile = 'Somebody else changed this meanwhile.';

test.beforeEach(({ errors }) => {
  errors.expect(/status of (400|409)/);
});

/** Tries again what was refused, which stands in a notice. */
async function again(desk: Desk): Promise<void> {
  const refused = desk.page.getByRole('alert').filter({ hasText: meanwhile });
  await refused.getByRole('button', { name: desk.say('action.retry') }).click();
}

async function allow(id: string, ...permissions: string[]): Promise<void> {
  await callAsPerson('identity.v1.StaffService/SetRoles', { id, permissions: permissions.map((name) => `PERMISSION_${name}`) });
}

test('what two let somebody do stands beside each other, and the second decides', async ({ desk }) => {
  const { id, email } = await hired();
  await desk.open('/staff');
  await desk.rows.filter({ hasText: email }).click();
  await desk.dialog.getByText(desk.say('permission.STOCK_READ'), { exact: true }).click();
  await allow(id, 'ORDERS_READ', 'CUSTOMERS_READ');
  await desk.send();
  await expect(desk.summary).toContainText(meanwhile);
  const notice = desk.dialog.locator('[data-kind=warn]');
  await expect(notice.getByRole('definition')).toContainText('theirs: see customers, see orders, yours: see stock, see orders');
  await desk.button('overtaken.go_on').click();
  await desk.send();
  await desk.said('Katherine Johnson is changed.');
  expect((await accountOf(email))?.permissions).toEqual(['PERMISSION_STOCK_READ', 'PERMISSION_ORDERS_READ']);
});

test('whose permissions were changed meanwhile is kept out by the second try', async ({ desk }) => {
  const { id, email } = await hired();
  await desk.open('/staff');
  await desk.rows.filter({ hasText: email }).click();
  await desk.dialog.locator('.button[data-kind=bad]').click();
  await expect(desk.dialog).toHaveCount(2);
  await allow(id, 'CUSTOMERS_READ');
  await desk.dialog.last().locator('.button[data-kind=bad]').click();
  await again(desk);
  await desk.said('Katherine Johnson is changed.');
  expect((await accountOf(email))?.disabled).toBe(true);
});

test('a category that was renamed meanwhile is asked about by its name of now', async ({ desk }) => {
  const old = await category('Saucers');
  await desk.open('/categories');
  await desk.page.locator(`.tree [data-key="${old.id}"]`).getByRole('button', { name: desk.say('category.delete') }).click();
  const name = `Plates ${old.id.slice(-8)}`;
  await call('catalog.v1.CategoryService/UpdateCategory', { category: { id: old.id, name }, updateMask: 'name' });
  await desk.dialog.locator('.button[data-kind=bad]').click();
  await expect(desk.dialog).toContainText(meanwhile);
  await expect(desk.dialog.getByRole('heading', { name: `Delete ${name}?` })).toBeVisible();
  await again(desk);
  await desk.said(`${name} is deleted.`);
  await expect(call('catalog.v1.CategoryService/GetCategory', { id: old.id })).rejects.toThrow('is answered 404');
});

test('a product that was changed meanwhile is archived by the second try', async ({ desk }) => {
  const { id, name } = await sell(1);
  await desk.open(`/products/${id}`);
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id, description: 'Theirs.' }, updateMask: 'description' });
  await desk.button('product.archive').click();
  await again(desk);
  await desk.said(`${name} is no longer sold.`);
  expect((await call<{ product: { status: string; description: string } }>('catalog.v1.ProductService/GetProduct', { id })).product)
    .toMatchObject({ status: 'PRODUCT_STATUS_ARCHIVED', description: 'Theirs.' });
});

/** Keeps the customers' events for so long, which nothing else depends on. */
async function retain(seconds: number): Promise<void> {
  const settings = { context: 'customer', customer: { eventRetention: `${seconds}s` } };
  await call('config.v1.ConfigService/UpdateSettings', { settings, updateMask: 'customer.eventRetention' });
}

test('settings that were changed meanwhile go back from what they are now', async ({ desk }) => {
  const day = 86_400;
  await retain(2 * day);
  await retain(3 * day);
  await desk.open('/settings?context=customer');
  await desk.button('settings.back').first().click();
  await expect(desk.dialog.locator('.differences')).toContainText('3 d → 2 d');
  await retain(4 * day);
  await desk.dialog.locator('.button[data-kind=bad]').click();
  await expect(desk.dialog).toContainText(meanwhile);
  await expect(desk.dialog.locator('.differences')).toContainText('4 d → 2 d');
  await again(desk);
  await desk.said('The settings are saved.');
  const { settings } = await call<{ settings: { customer: object } }>('config.v1.ConfigService/GetSettings', { context: 'customer' });
  expect(settings.customer).toEqual({ eventRetention: `${2 * day}s` });
});

for (const [ask, done] of [['ship.open', 'is shipped.'], ['cancel.open', 'is cancelled.']] as const) {
  test(`${ask}: what was changed of the order meanwhile is said before it is done`, async ({ desk }) => {
    const order = await paid((await sell(1)).code);
    await desk.open(`/orders/${order.id}`);
    await desk.ask(ask);
    await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, contact: { phone: '+44 20 7946 0999' } }, updateMask: 'contact.phone' });
    await desk.send();
    await expect(desk.summary).toContainText(meanwhile);
    await expect(desk.dialog.getByRole('status')).toContainText('→ +44 20 7946 0999');
    await desk.send();
    await desk.said(`${order.number} ${done}`);
  });
}

test('a shipment that two correct shows theirs and yours', async ({ desk }) => {
  const order = await shipped();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('tracking.open');
  await desk.field('shipment.carrier').fill('Courier');
  await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, shipment: { carrier: 'Bicycle' } }, updateMask: 'shipment.carrier' });
  await desk.send();
  await expect(desk.summary).toContainText(meanwhile);
  await expect(desk.dialog.getByRole('definition')).toContainText('theirs: Bicycle, yours: Courier');
  await desk.button('overtaken.go_on').click();
  await desk.send();
  await desk.said(`${order.number} is corrected.`);
  const { order: now } = await call<{ order: { shipment: object } }>('order.v1.OrderService/GetOrder', { id: order.id });
  expect(now.shipment).toMatchObject({ carrier: 'Courier' });
});
