// What the script does beyond what forms do without it (docs/web.md, "With JavaScript").
import type { Page } from '@playwright/test';
import { expect, test } from '../check.ts';
import { call, place, served } from '../served.ts';
import { form, holds, isPaid, order, readyToOrder } from '../visit.ts';

/** Marks the open document, so that one that was loaded anew is distinguished from it. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => (document.documentElement.dataset['marked'] = 'yes'));
}

async function isMarked(page: Page, marked: boolean): Promise<void> {
  await expect(page.locator('html[data-marked]')).toHaveCount(marked ? 1 : 0);
}

const add = (page: Page) => page.getByRole('button', { name: 'Add to cart' });

test('a form is sent without loading a page, which has its address, title and focus', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  await mark(page);
  await add(page).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page).toHaveTitle(/^Your cart/);
  await expect(page.getByRole('status').filter({ hasText: 'It is in your cart' })).toBeFocused();
  await expect(page.locator('header .count')).toHaveText('1 item');
  await isMarked(page, true);
});

// nextjs-starter-medusa#410
test('a click before the script is there adds as without it', async ({ page }) => {
  await page.route('**/assets/enhance.*', () => undefined); // it never comes
  await page.goto('/p/BLUE/blue-mug', { waitUntil: 'commit' });
  await add(page).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.locator('header .count')).toHaveText('1 item');
});

test('a second click on a form under way sends nothing, and main is busy after a while', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  let sent = 0;
  let answer = (): void => undefined;
  const wait = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/cart/add', async (route) => {
    sent++;
    await wait;
    await route.continue();
  });
  await add(page).click();
  await expect(page.locator('main')).toHaveAttribute('aria-busy', 'true');
  await add(page).click();
  answer();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.locator('main')).not.toHaveAttribute('aria-busy');
  expect(sent).toBe(1);
});

test('a failure is told at the form with what the shop says, and what was typed stays', async ({ page, errors }) => {
  errors.expect(/status of 500/);
  const failed = await page.request.get(served.broken);
  await page.goto('/p/BLUE/blue-mug');
  await page.getByRole('spinbutton').fill('3');
  await page.route('**/cart/add', async (route) => route.fulfill({ status: 500, contentType: 'text/html; charset=utf-8', body: await failed.text() }));
  await add(page).click();
  const notice = page.getByRole('alert');
  await expect(notice).toBeFocused();
  await expect(notice).toContainText('Something went wrong');
  await expect(page.getByRole('spinbutton')).toHaveValue('3');
  await page.unroute('**/cart/add');
  await notice.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('header .count')).toHaveText('3 items');
});

test('an answer that is no page leaves the form to the browser', async ({ page }) => {
  await page.goto('/p/BLUE/blue-mug');
  await mark(page);
  await page.route('**/cart/add', async (route) => {
    if (route.request().resourceType() === 'fetch') await route.fulfill({ contentType: 'application/json', body: '{}' });
    else await route.continue();
  });
  await add(page).click();
  await expect(page).toHaveURL(/\/cart\?added=1/);
  await expect(page.locator('header .count')).toHaveText('1 item');
  await isMarked(page, false);
});

// vite#11804
test('a new build is loaded whole, once', async ({ page }) => {
  // The page that is open is one of the build before.
  const before = '/assets/enhance.before.js';
  let script = '';
  await page.route('**/p/BLUE/**', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/\/assets\/enhance\.[0-9a-f]+\.js/, (now) => {
      script = now;
      return before;
    });
    await route.fulfill({ response: answer, body });
  });
  await page.route(`**${before}`, async (route) => {
    const answer = await page.request.get(script);
    await route.fulfill({ contentType: 'text/javascript', body: await answer.text() });
  });
  await page.goto('/p/BLUE/blue-mug');
  await mark(page);
  const loads: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) loads.push(new URL(request.url()).pathname);
  });
  await add(page).click();
  await expect(page.locator('main')).toContainText('It is in your cart');
  await isMarked(page, false);
  await expect(page.locator('header .count')).toHaveText('1 item');
  expect(loads).toEqual(['/cart']);
});

test('forms that are sent at once are sent one after the other', async ({ page }) => {
  await holds(page, 'BLUE', 2);
  await holds(page, 'LOW', 1);
  await page.goto('/cart');
  const lines = page.locator('.line');
  await lines.nth(0).getByRole('spinbutton').fill('3');
  await lines.nth(1).getByRole('spinbutton').fill('3');
  await page.evaluate(() => document.querySelectorAll<HTMLFormElement>('.quantity').forEach((form) => form.requestSubmit()));
  await expect(page.locator('header .count')).toHaveText('6 items');
});

test('ordering from a page that the script made works like from any', async ({ page }) => {
  await readyToOrder(page, 'BLUE');
  await page.goto('/p/BLUE/blue-mug');
  await mark(page);
  await add(page).click();
  await expect(page).toHaveURL(/\/cart/);
  await page.getByRole('link', { name: 'To the checkout' }).click();
  await isMarked(page, false);
  await expect(form(page, '/checkout/place').getByRole('button')).toHaveText('Order for €10.00');
  await order(page);
  await isPaid(page);
});

test('an order prints by a button, which stays when the page is brought up to date', async ({ page }) => {
  const placed = await place('BLUE', 'sandbox_slow');
  await page.addInitScript(() => (window.print = () => (document.documentElement.dataset['printed'] = 'yes')));
  await page.goto(placed.link);
  await expect(page.locator('[data-events]')).toBeVisible();
  const button = page.getByRole('button', { name: 'Print' });
  await expect(button).toHaveCount(1);
  await button.click();
  await expect(page.locator('html[data-printed]')).toHaveCount(1);
  await call('order.v1.OrderService/CancelOrder', { id: placed.order.id, requestId: crypto.randomUUID() });
  await expect(page.getByRole('heading', { name: 'Your order was cancelled' })).toBeVisible();
  await expect(button).toHaveCount(1);
});
