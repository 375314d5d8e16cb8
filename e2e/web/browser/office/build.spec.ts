// Another build of the office is there while a tab is open (vite#11804).
import type { Page } from '@playwright/test';
import { sell } from '../served.ts';
import { paid } from './made.ts';
import { expect, test } from './office.ts';

/** Returns the addresses of the pages that are loaded from now on. */
function loadsOf(page: Page): string[] {
  const loads: string[] = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads.push(new URL(request.url()).pathname);
  });
  return loads;
}

// Files of the office that a page did not load at first are those of other screens.
const files = '**/office/assets/*.js';

test('a file of the build before is missing: the page is loaded once, and what was typed stays', async ({ desk, page, errors }) => {
  errors.expect(/status of 404|dynamically imported module/);
  const product = await sell(1);
  await desk.open(`/products/${product.id}`);
  await desk.field('description').fill('Half a sentence');
  const loads = loadsOf(page);
  let missing = 0;
  await page.route(files, async (route) => {
    if (loads.length > 0) return route.continue(); // the page that is loaded now has the files of the new build
    missing++;
    return route.fulfill({ status: 404, body: '' });
  });
  await desk.places.getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  expect(missing).toBeGreaterThan(0);
  expect(loads).toEqual(['/office/settings']);
  await desk.open(`/products/${product.id}`);
  await expect(desk.field('description')).toHaveValue('Half a sentence');
});

test('a file that stays missing loads the page once, and is told then', async ({ desk, page, errors }) => {
  errors.expect(/status of 404|dynamically imported module/);
  await desk.open('/');
  const first = new Set(await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name)));
  const loads = loadsOf(page);
  await page.route(files, (route) => (first.has(route.request().url()) ? route.continue() : route.fulfill({ status: 404, body: '' })));
  await desk.places.getByRole('link', { name: 'Settings' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  expect(loads).toEqual(['/office/settings']);
});

test('the file of a dialog is missing: the page is loaded once, and then the dialog opens', async ({ desk, page, errors }) => {
  errors.expect(/status of 404|dynamically imported module/);
  const { id } = await paid();
  await desk.open(`/orders/${id}`);
  const loads = loadsOf(page);
  await page.route(files, (route) => (loads.length > 0 ? route.continue() : route.fulfill({ status: 404, body: '' })));
  await desk.button('correct.open').click();
  await expect.poll(() => loads).toEqual([`/office/orders/${id}`]);
  await desk.ready();
  await desk.ask('correct.open');
  await expect(desk.field('contact.first_name')).toBeFocused();
});
