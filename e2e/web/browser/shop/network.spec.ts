// A network that is slow, or away: nothing is lost, nothing is sent twice.
import { expect, test } from '../check.ts';
import { call, ordersOf, place, reached } from '../served.ts';
import { ada, form, isPaid, order, readyToOrder, typedIn } from '../visit.ts';

test('a guest orders on a slow network, and impatient clicks change nothing', async ({ page, context }) => {
  const email = await readyToOrder(page, 'BLUE');
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 2000, downloadThroughput: 6000, uploadThroughput: 6000 });
  await order(page);
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'true');
  await order(page);
  await isPaid(page);
  expect(await ordersOf(email)).toHaveLength(1);
});

test('without a network the form stays as it was, and is sent when asked again', async ({ page, context, errors }) => {
  errors.expect(/ERR_INTERNET_DISCONNECTED/);
  const email = await readyToOrder(page, 'BLUE');
  await context.setOffline(true);
  await expect(page.locator('header [data-part=connection]')).toContainText('The connection is interrupted');
  await order(page);
  const notice = page.getByRole('alert');
  await expect(notice).toBeFocused();
  expect(await typedIn(page)).toMatchObject({ ...ada, 'contact.email': email });
  await context.setOffline(false);
  await expect(page.locator('header [data-part=connection]')).toHaveCount(0);
  await form(page, '/checkout/place').getByRole('button').click();
  await isPaid(page);
  expect(await ordersOf(email)).toHaveLength(1);
});

test('an order’s page follows its order, tells when it can’t, and catches up', async ({ page, context, errors }) => {
  errors.expect(/ERR_INTERNET_DISCONNECTED/);
  const { order: placed, link } = await place('BLUE');
  await reached(placed, 'CONFIRMED');
  await page.goto(link);
  await expect(page).toHaveURL(`/orders/${placed.number}`);
  await page.evaluate(() => (document.body.dataset['kept'] = 'yes'));
  await call('order.v1.OrderService/ShipOrder', { id: placed.id });
  await expect(page.getByRole('heading', { name: 'Your order is on its way' })).toBeVisible();
  await expect(page.locator('body > [role=status]')).toHaveText('Your order is on its way');

  await context.setOffline(true);
  await expect(page.locator('header [data-part=connection]')).toContainText('The connection is interrupted: this is as of');
  await call('order.v1.OrderService/MarkOrderDelivered', { id: placed.id });
  await context.setOffline(false);
  await expect(page.getByRole('heading', { name: 'Your order was delivered' })).toBeVisible();
  await expect(page.locator('header [data-part=connection]')).toHaveCount(0);
  await expect(page.locator('body')).toHaveAttribute('data-kept', 'yes');
});

test('an answer that was under way is shown, and the page says still that the connection is interrupted', async ({ page, context, errors }) => {
  errors.expect(/ERR_INTERNET_DISCONNECTED/);
  const { order: placed, link } = await place('BLUE');
  await reached(placed, 'CONFIRMED');
  await page.goto(link);
  let begin = (): void => undefined;
  let answer = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const wait = new Promise<void>((resolve) => (answer = resolve));
  await page.route(`**/orders/${placed.number}`, async (route) => {
    const response = await route.fetch();
    begin();
    await wait;
    await route.fulfill({ response });
  });
  await call('order.v1.OrderService/ShipOrder', { id: placed.id });
  await begun;
  await context.setOffline(true);
  const line = page.locator('header [data-part=connection]');
  await expect(line).toBeVisible();
  answer();
  await expect(page.getByRole('heading', { name: 'Your order is on its way' })).toBeVisible();
  await expect(line).toBeVisible();
  await page.unrouteAll();
  await context.setOffline(false);
  await expect(line).toHaveCount(0);
});

test('a tab that nobody looks at hears nothing until it is looked at', async ({ page }) => {
  const { order: placed, link } = await place('BLUE');
  await reached(placed, 'CONFIRMED');
  await page.goto(link);
  const look = (state: string) =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/events'));
  await look('hidden');
  await ended;
  await call('order.v1.OrderService/ShipOrder', { id: placed.id });
  await reached(placed, 'SHIPPED');
  await expect(page.getByRole('heading', { name: 'Thank you, your order is paid' })).toBeVisible();
  await look('visible');
  await expect(page.getByRole('heading', { name: 'Your order is on its way' })).toBeVisible();
});
