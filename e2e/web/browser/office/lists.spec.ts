// A list is its address (vendure#1532, Umbraco.Commerce.Issues#371), its days are the shop's
// (saleor-dashboard#1582), and its file holds all that fits.
import { readFile } from 'node:fs/promises';
import { call, mailsOf, once, sell, type Order } from '../served.ts';
import { address } from '../visit.ts';
import { paid, toShip } from './made.ts';
import { Desk, expect, test } from './office.ts';
import { answer, calls, failed, refuse } from './refusals.ts';

/** What the rows of a list show. */
const shown = (desk: Desk) => desk.rows.getByRole('rowheader').allTextContents();

// vendure#1532
test('Back, a reload and a shared link show the same list', async ({ desk, page, context, errors }) => {
  const email = address();
  const orders = [await paid('BLUE', 1, email), await paid('BLUE', 1, email)];
  await call('order.v1.OrderService/ShipOrder', { id: orders[0]?.id });
  await desk.open('/orders');
  await page.getByRole('searchbox').fill(email);
  await page.keyboard.press('Enter');
  await expect(desk.rows).toHaveCount(2);
  await page.getByRole('button', { name: 'To ship', exact: true }).click();
  await expect(desk.rows).toHaveCount(1);
  const narrowed = page.url();
  expect(new URL(narrowed).searchParams.get('view')).toBe('to_ship');
  const rows = await shown(desk);
  expect(rows).toEqual([orders[1]?.number]);

  await page.reload();
  await expect.poll(() => shown(desk)).toEqual(rows);
  await desk.rows.getByRole('link').click();
  await expect(page.getByRole('heading', { name: orders[1]?.number ?? '' })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(narrowed);
  await expect.poll(() => shown(desk)).toEqual(rows);
  await expect(page.getByRole('searchbox')).toHaveValue(email);
  await page.goBack();
  await expect(desk.rows).toHaveCount(2);
  const shared = new Desk(await context.newPage(), errors);
  await shared.page.goto(narrowed);
  await expect.poll(() => shown(shared)).toEqual(rows);
});

// Umbraco.Commerce.Issues#371
test('an address that nobody understands is a list all the same, and filters can be cleared', async ({ desk, page, errors }) => {
  errors.expect(/status of 400/);
  await toShip();
  await desk.open('/orders?view=nonsense&from=yesterday&other=1');
  await expect(desk.rows.first()).toBeVisible();

  await desk.open('/orders?q=zeppelin&from=2020-01-01&to=2020-01-31&view=overdue');
  await expect(page.getByText('Nothing fits these filters.')).toBeVisible();
  await desk.button('filter.clear').last().click();
  await expect(desk.rows.first()).toBeVisible();
  await expect(page).toHaveURL('/office/orders');

  await desk.open('/products?category=none');
  await expect(page.getByRole('alert')).toBeVisible();
  await desk.button('filter.clear').first().click();
  await expect(desk.rows.first()).toBeVisible();
});

for (const path of ['/orders', '/products', '/products/grid', '/customers', '/mails', '/stock', '/activity', '/staff', '/contradictions']) {
  test(`a page of ${path} that is gone leads to the first one`, async ({ desk, page, errors }) => {
    errors.expect(/status of 400/);
    await desk.open(`${path}?page=gone`);
    await expect(page.getByRole('alert')).toContainText('This page of the list is no longer there');
    await desk.button('pager.first').click();
    await expect(page.getByRole('alert')).toHaveCount(0);
    await desk.ready();
    await expect(page).toHaveURL(`/office${path}`);
  });
}

test('the pages of a list follow each other, and Back leads to the one before', async ({ desk, page }) => {
  const email = address();
  for (let i = 0; i < 3; i++) await paid('BLUE', 1, email);
  // The shop's own pages, shorter than the office asks for.
  await page.route('**/shopmesh.order.v1.OrderService/ListOrders', (route) =>
    route.continue({ postData: JSON.stringify({ ...(route.request().postDataJSON() as object), pageSize: 2 }) }),
  );
  await desk.open(`/orders?q=${email}`);
  await expect(desk.rows).toHaveCount(2);
  await expect(page.getByText('3 entries')).toBeVisible();
  const first = await shown(desk);
  await desk.button('pager.next').click();
  await expect(page).toHaveURL(/page=/);
  await expect(desk.rows).toHaveCount(1);
  await page.goBack();
  await expect.poll(() => shown(desk)).toEqual(first);
  await page.goForward();
  await expect(desk.rows).toHaveCount(1);
  await desk.button('pager.first').click();
  await expect.poll(() => shown(desk)).toEqual(first);
});

test('how many a list has stands on each of its pages, also on one that a link leads to', async ({ desk, page }) => {
  await page.route(calls('catalog.v1.ProductService/ListProducts'), (route) =>
    route.continue({ postData: JSON.stringify({ ...(route.request().postDataJSON() as object), pageSize: 2 }) }),
  );
  const name = `Counted ${crypto.randomUUID().slice(0, 8)}`;
  for (let i = 0; i < 3; i++) await sell(1, undefined, name);
  await desk.open(`/products?q=${encodeURIComponent(name)}`);
  await expect(desk.rows).toHaveCount(2);
  await expect(page.getByText('3 entries')).toBeVisible();
  await desk.button('pager.next').click();
  await expect(desk.rows).toHaveCount(1);
  await expect(page.getByText('3 entries')).toBeVisible();
  await page.reload();
  await expect(desk.rows).toHaveCount(1);
  await expect(page.getByText('3 entries')).toBeVisible();
});

test('versions of settings are read on to the first one, each with what it changed', async ({ desk, page }) => {
  const version = (number: string, timeZone: string) => ({
    settings: { context: 'storefront', version: number, updateTime: '2026-11-30T12:00:00Z', actor: 'owner', storefront: { timeZone } }, changedPaths: ['time_zone'],
  });
  await page.route(calls('config.v1.ConfigService/ListSettingsVersions'), (route) => {
    const { pageToken } = route.request().postDataJSON() as { pageToken?: string };
    const json = pageToken ? { versions: [version('1', 'Europe/Rome')] } : { versions: [version('3', 'Europe/Paris'), version('2', 'Europe/Oslo')], nextPageToken: 'older' };
    return route.fulfill({ json });
  });
  await desk.open('/settings?context=storefront');
  const versions = page.locator('main ol > li');
  await expect(versions).toHaveText([/Europe\/Oslo → Europe\/Paris/]);
  await desk.button('settings.older').click();
  await expect(versions).toHaveText([/Europe\/Oslo → Europe\/Paris/, /Europe\/Rome → Europe\/Oslo/, /→ Europe\/Rome/]);
  await expect(desk.button('settings.older')).toHaveCount(0);
  await expect(desk.button('settings.back')).toHaveCount(2);
});

// saleor-dashboard#1582; the shop's days are those of Auckland, the browser's those of Berlin.
test('the days of a list are the shop’s', async ({ desk }) => {
  const order = await paid();
  const { order: read } = await call<{ order: { createTime: string } }>('order.v1.OrderService/GetOrder', { id: order.id });
  const days = [-1, 0, 1].map((more) => {
    const at = new Date(Date.parse(read.createTime) + more * 86_400_000);
    return new Intl.DateTimeFormat('en-CA', { timeZone: 'Pacific/Auckland', dateStyle: 'short' }).format(at);
  });
  for (const [at, day] of days.entries()) {
    await desk.open(`/orders?q=${order.number}&from=${day}&to=${day}`);
    await expect(desk.rows, day).toHaveCount(at === 1 ? 1 : 0);
  }
});

test('a day on which clocks go forward has 23 hours', async ({ desk, page }) => {
  const asked = page.waitForRequest('**/shopmesh.order.v1.OrderService/ListOrders');
  await page.goto('/office/orders?from=2026-09-27&to=2026-09-27');
  expect((await asked).postDataJSON()).toMatchObject({ filter: 'create_time >= "2026-09-26T12:00:00.000Z" AND create_time < "2026-09-27T11:00:00.000Z"' });
  await desk.ready();
});

test('new orders wait until somebody takes them', async ({ desk, page }) => {
  const email = address();
  const first = await paid('BLUE', 1, email);
  await page.clock.install();
  await desk.open(`/orders?q=${email}`);
  await expect.poll(() => shown(desk)).toEqual([first.number]);
  const second = await paid('BLUE', 1, email);
  await page.clock.fastForward(31_000);
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
  expect(await shown(desk)).toEqual([first.number]);
  await page.getByRole('button', { name: '1 new' }).click();
  await expect.poll(() => shown(desk)).toEqual([second.number, first.number]);
});

test('new orders push none off a full page, and what was selected stays so', async ({ desk, page }) => {
  const email = address();
  const numbers = [(await paid('BLUE', 1, email)).number, (await paid('BLUE', 1, email)).number].reverse();
  await page.route(calls('order.v1.OrderService/ListOrders'), (route) =>
    route.continue({ postData: JSON.stringify({ ...(route.request().postDataJSON() as object), pageSize: 2 }) }),
  );
  await page.clock.install();
  await desk.open(`/orders?q=${email}`);
  await expect.poll(() => shown(desk)).toEqual(numbers);
  await desk.selectAll();
  await paid('BLUE', 1, email);
  await page.clock.fastForward(31_000);
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
  expect(await shown(desk)).toEqual(numbers);
  await expect(page.locator('.bulk-bar')).toContainText('2 selected');
});

test('who comes back to a tab finds the rows where they were', async ({ desk, page }) => {
  const email = address();
  const mailed = async (order: Order) => once('the order is confirmed by mail', async () => expect(await mailsOf(order)).toHaveLength(1));
  await mailed(await paid('BLUE', 1, email));
  await page.clock.install();
  await desk.open(`/mails?q=${email}`);
  await expect(desk.rows).toHaveCount(1);
  await mailed(await paid('BLUE', 1, email));
  await page.clock.fastForward(6_000); // what was read just now is not read again
  await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')));
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible();
  await expect(desk.rows).toHaveCount(1);
  await page.getByRole('button', { name: '1 new' }).click();
  await expect(desk.rows).toHaveCount(2);
});

test('a list that can’t be read again stays, and says as of when it is', async ({ desk, page }) => {
  const order = await paid();
  await page.clock.install();
  await desk.open(`/orders?q=${order.number}`);
  await expect(desk.rows).toHaveCount(1);
  await refuse(desk, 'order.v1.OrderService/ListOrders', failed, 1);
  await page.clock.fastForward(31_000);
  const notice = page.locator('main .notice[data-kind=warn]');
  await expect(notice).toContainText(/This is as of .+\. It could not be read again: .+ Reference: 0190a5d1-ac96/);
  await expect(desk.rows).toHaveCount(1);
  await notice.getByRole('button', { name: desk.say('action.retry') }).click();
  await expect(notice).toHaveCount(0);
});

test('a mail that can’t be read again says as of when it is', async ({ desk, page }) => {
  const order = await paid();
  const { id } = await once('the order is confirmed by mail', async () => {
    const [first] = await mailsOf(order);
    if (!first) throw new Error('there is no mail yet');
    return first;
  });
  await desk.open(`/mails/${id}`);
  await desk.ask('mail.resend');
  await refuse(desk, 'notification.v1.NotificationService/GetNotification', failed);
  await desk.send();
  await desk.said('The mail goes to');
  await expect(page.locator('main .notice[data-kind=warn]')).toContainText('This is as of');
  await expect(page.locator('iframe.mail')).toBeVisible();
});

test('more than ten thousand are not counted', async ({ desk, page }) => {
  await answer(desk, 'order.v1.OrderService/ListOrders', { orders: [], totalSize: 10_001 });
  await desk.open('/orders');
  await expect(page.getByText('More than 10,000')).toBeVisible();
});

test('the file holds all that the filter lets through, and nothing else', async ({ desk, page }) => {
  const email = address();
  const numbers = [];
  for (let i = 0; i < 3; i++) numbers.push((await paid('BLUE', 1, email)).number);
  await desk.open(`/orders?q=${encodeURIComponent(email)}`);
  const saved = page.waitForEvent('download');
  await desk.button('orders.export').click();
  const csv = await readFile(await (await saved).path(), 'utf8');
  const lines = csv.trim().split(/\r?\n/);
  expect(lines.length).toBe(1 + numbers.length);
  for (const number of numbers) expect(csv).toContain(number);
});

test('counts of today lead to the lists that have them', async ({ desk, page }) => {
  await toShip();
  await desk.open('/');
  await page.getByRole('link', { name: /to ship/ }).click();
  await expect(page).toHaveURL('/office/orders?view=to_ship');
  await expect(page.getByRole('button', { name: 'To ship', exact: true })).toHaveAttribute('aria-pressed', 'true');
  await expect(desk.rows.first()).toBeVisible();
});
