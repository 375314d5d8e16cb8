// What the office is for, done to the end, each once. What goes wrong on the way is in the specs
// of each promise; shipping, refunds, stock, archiving, settings and roles succeed in theirs.
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { call, callAsPerson, invitation, mailsOf, once, ordersOf, sell, served, type Money } from '../served.ts';
import { address } from '../visit.ts';
import { accountOf, category, colleague, hired, paid } from './made.ts';
import { expect, test, type Desk } from './office.ts';

interface Product {
  name: string;
  status: string;
  price: Money;
}

/** Saves what the shop holds about somebody, and returns the file. */
async function exported(desk: Desk): Promise<string> {
  const saved = desk.page.waitForEvent('download');
  await desk.button('customer.export').click();
  return readFile(await (await saved).path(), 'utf8');
}

test('a product is made, archived, and brought back as a draft', async ({ desk, page }) => {
  const code = `FLOW-${process.pid}-${Date.now()}`;
  const now = async () => (await call<{ product: Product }>('catalog.v1.ProductService/GetProduct', { code })).product;
  await desk.open('/products/new');
  await expect(desk.field('category_id').locator('option').nth(1)).toBeAttached();
  await desk.field('code').fill(code);
  await desk.field('name').fill('Tall mug');
  await desk.field('category_id').selectOption({ index: 1 });
  await desk.field('price').fill('12.50');
  await desk.send();
  await desk.said('Tall mug is made.');
  await expect(page.getByRole('heading', { name: 'Tall mug' })).toBeVisible();
  expect(await now()).toMatchObject({ status: 'PRODUCT_STATUS_DRAFT', price: { currencyCode: 'EUR', units: '12', nanos: 500_000_000 } });
  await desk.button('product.archive').click();
  await desk.said('Tall mug is no longer sold.');
  await desk.button('product.unarchive').click();
  await desk.said('Tall mug is a draft again.');
  expect((await now()).status).toBe('PRODUCT_STATUS_DRAFT');
});

test('an order is cancelled with a reason, which its history holds', async ({ desk, page }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('cancel.open');
  await desk.field('reason').fill('The glaze is cracked.');
  await desk.send();
  await desk.said(`${order.number} is cancelled.`);
  await expect(desk.button('cancel.open')).toHaveCount(0);
  await expect(page.locator('.timeline')).toContainText('The glaze is cracked.');
});

test('a mail goes again, to the address that is right', async ({ desk, page }) => {
  const order = await paid();
  const { id } = await once('the order is confirmed by mail', async () => {
    const [first] = await mailsOf(order);
    const { notification } = await call<{ notification: { id: string; status: string } }>('notification.v1.NotificationService/GetNotification', { id: first?.id });
    if (notification.status !== 'NOTIFICATION_STATUS_SENT') throw new Error(`the mail is ${notification.status}`);
    return notification;
  });
  await desk.open(`/mails/${id}`);
  await desk.ask('mail.resend');
  const right = address();
  await desk.field('recipient').fill(right);
  await desk.send();
  await desk.said(`The mail goes to ${right} again.`);
  await expect(page.locator('main')).toContainText(right);
  await expect
    .poll(async () => (await call<{ notification: { attempts: object[] } }>('notification.v1.NotificationService/GetNotification', { id })).notification.attempts.length)
    .toBe(2);
});

test('a customer gets all that the shop holds, and is erased', async ({ desk, page }) => {
  const email = address();
  const { customer } = await call<{ customer: { id: string } }>('customer.v1.CustomerService/CreateCustomer', {
    customer: { email, firstName: 'Grace', lastName: 'Hopper' }, requestId: crypto.randomUUID(),
  });
  await desk.open(`/customers/${customer.id}`);
  expect(await exported(desk)).toContain(email);
  await desk.ask('erase.open');
  await desk.send();
  await desk.said('The data of Grace Hopper is erased.');
  await expect(page.locator('main')).toContainText('The data of this person was erased.');
  const { customer: now } = await call<{ customer: object }>('customer.v1.CustomerService/GetCustomer', { id: customer.id });
  expect(now).toMatchObject({ erased: true });
  expect(now).not.toHaveProperty('email');
});

test('a guest gets all that the shop holds, and is erased', async ({ desk, page }) => {
  const email = address();
  const order = await paid('BLUE', 1, email);
  await call('order.v1.OrderService/ShipOrder', { id: order.id });
  await desk.open('/customers');
  await page.locator('summary').click();
  await desk.field('guest').fill(email);
  expect(await exported(desk)).toContain(order.number);
  await desk.ask('erase.open');
  await desk.send();
  await desk.said(`The data of ${email} is erased.`);
  await expect.poll(() => ordersOf(email), 'no order is theirs any more').toEqual([]);
});

test('who is invited joins by the link, and may do what they were invited to', async ({ desk, page, errors }) => {
  const email = colleague();
  await desk.open('/staff');
  await desk.ask('staff.invite');
  await desk.field('email').fill(email);
  await desk.dialog.getByText(desk.say('permission.ORDERS_READ'), { exact: true }).click();
  await desk.send();
  await desk.said(`The invitation goes to ${email}.`);
  const token = await invitation(email);
  errors.expect(/status of 401/); // who is invited has no session yet
  await page.context().clearCookies();
  await desk.open(`/accept-invitation#${token}`);
  await expect(desk.field('token')).toHaveValue(token);
  await desk.field('first_name').fill('Katherine');
  await desk.field('last_name').fill('Johnson');
  await desk.field('password').fill(served.password);
  await desk.send();
  await expect(page.locator('.person')).toContainText('Katherine Johnson');
  await expect(desk.places.getByRole('link', { name: 'Orders' })).toBeVisible();
  await expect(desk.places.getByRole('link', { name: 'Customers' })).toHaveCount(0);
});

test('who was kept out is let in again', async ({ desk }) => {
  const { id, email } = await hired();
  await callAsPerson('identity.v1.StaffService/DisableAccount', { id });
  await desk.open('/staff');
  const row = desk.rows.filter({ hasText: email });
  await expect(row).toContainText('may not sign in');
  await row.click();
  const enable = desk.dialog.last().getByRole('button', { name: desk.say('staff.enable'), exact: true });
  await enable.click();
  await expect(desk.dialog).toHaveCount(2);
  await enable.click();
  await desk.said('Katherine Johnson is changed.');
  await expect(row).not.toContainText('may not sign in');
  expect((await accountOf(email))?.disabled ?? false).toBe(false);
});

test('a key is made, opens to a program what it is for, and is revoked', async ({ desk }) => {
  const name = `Accounting ${crypto.randomUUID().slice(0, 8)}`;
  await desk.open('/staff');
  await desk.ask('key.make');
  await desk.field('display_name').fill(name);
  const until = new Date(Date.now() + 30 * 86_400_000);
  await desk.field('expire_time').fill(until.toISOString().slice(0, 10));
  await desk.dialog.getByText(desk.say('permission.ORDERS_READ'), { exact: true }).click();
  await desk.send();
  const secret = (await desk.dialog.locator('.secret').textContent()) ?? '';
  const orders = await call<{ orders: object[] }>('order.v1.OrderService/ListOrders', { pageSize: 1 }, served.url, { Authorization: `Bearer ${secret}` });
  expect(orders.orders).toHaveLength(1);
  await desk.button('key.kept').click();
  await desk.rows.filter({ hasText: name }).click();
  await desk.dialog.locator('.button[data-kind=bad]').click();
  await desk.said(`${name} is revoked.`);
  const { apiKeys } = await call<{ apiKeys: { displayName: string; revokeTime?: string }[] }>('identity.v1.StaffService/ListApiKeys', { pageSize: 1000 });
  expect(apiKeys.find(({ displayName }) => displayName === name)).toHaveProperty('revokeTime');
});

test('a category is made within another one', async ({ desk, page }) => {
  const parent = await category('Cups');
  const name = `Espresso cups ${parent.id.slice(-8)}`;
  await desk.open('/categories');
  await desk.ask('category.new');
  await desk.field('name').fill(name);
  await desk.field('parent_id').selectOption(parent.id);
  await desk.send();
  await desk.said(`${name} is saved.`);
  await expect(page.locator('.tree [role=row]').filter({ hasText: name })).toHaveAttribute('aria-level', '2');
});

test('what was done to a product is one link away, by whom and when', async ({ desk, page }) => {
  const { id } = await sell(1);
  await desk.open(`/products/${id}`);
  await desk.field('name').fill('Mug with a handle');
  await desk.send();
  await desk.said('Mug with a handle is saved.');
  await page.getByRole('link', { name: desk.say('activity.here') }).click();
  await expect(page).toHaveURL(/\/office\/activity\?q=products%2F/);
  const changed = desk.rows.filter({ hasText: '→ Mug with a handle' });
  await expect(async () => { // an entry comes a moment after what it is about
    await page.reload();
    await desk.ready();
    await expect(changed).toHaveCount(1, { timeout: 1 });
  }).toPass();
  await page.locator('select[name=who]').selectOption({ label: `Grace Hopper, ${served.people.owner.email}` });
  await expect(desk.rows).toHaveCount(1);
  await expect(changed).toHaveCount(1);
  await page.locator('input[name=to]').fill('2020-01-31');
  await expect(page.getByText(desk.say('list.nothing'))).toBeVisible();
  await page.goBack();
  await expect(changed).toHaveCount(1);
});

/** Has the payment provider report that it took money for a payment which the shop does not know, and returns the payment's id. */
async function contradict(): Promise<string> {
  const id = crypto.randomUUID();
  const session = {
    object: 'checkout.session', id: `cs_${id}`, payment_intent: `pi_${id}`, payment_status: 'paid', amount_total: 500, currency: 'eur',
    metadata: { payment_id: id, order_id: crypto.randomUUID() },
  };
  const body = JSON.stringify({ object: 'event', id: `evt_${id}`, type: 'checkout.session.completed', livemode: false, data: { object: session } });
  const at = Math.floor(Date.now() / 1000);
  const sum = createHmac('sha256', served.events).update(`${at}.${body}`).digest('hex');
  const answer = await fetch(`${served.url}/webhooks/stripe`, { method: 'POST', headers: { 'Stripe-Signature': `t=${at},v1=${sum}` }, body });
  expect(answer.status).toBe(200);
  return id;
}

test('a contradiction is cleared up with a note of what came of it', async ({ desk }) => {
  const paymentId = await contradict();
  const now = async () => {
    const answer = await call<{ contradictions?: { note?: string }[] }>('payment.v1.PaymentService/ListContradictions', { filter: `payment_id = "${paymentId}"` });
    return answer.contradictions?.[0];
  };
  await desk.open('/contradictions');
  await desk.rows.filter({ hasText: 'checkout.session.completed' }).click();
  await desk.field('note').fill('It was another shop’s.');
  await desk.send();
  await desk.said('The contradiction is cleared up.');
  await expect(desk.rows).toHaveCount(0);
  expect((await now())?.note).toBe('It was another shop’s.');
});

test.describe('a shop that nobody owns yet', () => {
  test.use({ who: 'nobody', baseURL: served.halted });

  test('its first owner opens the link, says who they are, and is in', async ({ desk, page, errors }) => {
    errors.expect(/status of (401|5\d\d)/); // nobody has a session yet, and the stock of this shop can't be read
    const [, token = ''] = served.founder.split('#');
    await desk.open(`/accept-invitation#${token}`);
    await expect(desk.field('token')).toHaveValue(token);
    await desk.field('first_name').fill('Ada');
    await desk.field('last_name').fill('Lovelace');
    await desk.field('email').fill('founder@example.com');
    await desk.field('password').fill(served.password);
    await desk.send();
    await expect(page.locator('.person')).toContainText('Ada Lovelace');
    await desk.places.getByRole('link', { name: 'Staff' }).click();
    await expect(desk.rows.filter({ hasText: 'founder@example.com' })).toContainText('everything, as an owner');
  });
});
