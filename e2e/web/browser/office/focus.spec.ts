// The tab key follows the screen, and Enter sends what one is in (woocommerce#60962, vendure#267).
import { readsInOrder } from '../check.ts';
import { sell } from '../served.ts';
import { paid, product, sent, shipped, toShip } from './made.ts';
import { expect, test } from './office.ts';

// woocommerce#60962
test('the order of the tab key is that of reading', async ({ desk, page }) => {
  const paths = [
    '/', '/orders', `/orders/${(await toShip()).id}`, `/orders/${(await sent()).id}`, '/products', `/products/${(await product()).id}`, '/products/new', '/products/grid',
    '/categories', '/stock', '/customers', '/mails', '/settings?context=storefront', '/staff', '/activity',
  ];
  for (const path of paths) {
    await desk.open(path);
    await readsInOrder(page);
  }
});

// vendure#267
test('Enter in a field sends its form, and nothing else', async ({ desk, page, errors }) => {
  errors.expect(/status of 400/);
  const called: string[] = [];
  page.on('request', (request) => {
    const method = /shopmesh\.[a-z]+\.v1\.(\w+\/(?!List|Get)\w+)$/.exec(request.url())?.[1];
    if (method) called.push(method);
  });
  await desk.open('/products/new');
  called.length = 0;
  for (const [at, name] of ['code', 'name', 'price'].entries()) {
    await desk.field(name).press('Enter');
    await expect.poll(() => called).toHaveLength(at + 1);
    await expect(desk.summary).toBeFocused();
  }
  expect(new Set(called)).toEqual(new Set(['ProductService/CreateProduct']));
  await desk.field('description').press('Enter');
  await desk.field('description').press('x');
  await expect(desk.field('description')).toHaveValue('\nx');
  expect(called).toHaveLength(3);

  await desk.open(`/orders/${(await paid()).id}`);
  await desk.ask('ship.open');
  called.length = 0;
  await desk.field('tracking_code').press('Enter');
  await desk.said('is shipped.');
  expect(called).toEqual(['OrderService/ShipOrder']);
});

test('a dialog keeps the focus, and gives it back', async ({ desk, page }) => {
  await desk.open(`/orders/${(await toShip()).id}`);
  const opener = desk.button('correct.open');
  await opener.focus();
  await page.keyboard.press('Enter');
  await expect(desk.field('contact.first_name')).toBeFocused();
  for (let step = 0; step < 30; step++) {
    await page.keyboard.press(step < 20 ? 'Tab' : 'Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('.dialog') !== null), 'the focus stays in the dialog').toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(desk.dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test('where what had the focus is gone, the heading above it has it', async ({ desk, page }) => {
  await desk.open('/orders?q=zeppelin');
  await desk.button('filter.clear').last().press('Enter');
  await expect(desk.rows.first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Orders', level: 1 })).toBeFocused();

  const order = await shipped();
  await desk.open(`/orders/${order.id}`);
  await desk.button('deliver.open').press('Enter');
  await expect(desk.button('deliver.open')).toHaveCount(0);
  await expect(page.getByRole('heading', { name: order.number })).toBeFocused();
});

test('another screen has the focus at its beginning, and a title of its own', async ({ desk, page }) => {
  await desk.open('/');
  await desk.places.getByRole('link', { name: 'Products' }).click();
  await expect(page.locator('main')).toBeFocused();
  await expect(page).toHaveTitle(/^Products – /);
  await expect(page.getByRole('heading', { name: 'Products', level: 1 })).toBeVisible(); // the screen before is shown until it is loaded
  await page.keyboard.press('Tab');
  await expect(page.locator('main :focus')).toBeVisible();
});

test('on a phone the menu is closed until it is opened, and closes where it leads', async ({ desk, page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await desk.open('/');
  const menu = desk.button('nav.menu');
  await expect(menu).toHaveAttribute('aria-expanded', 'false');
  await expect(desk.places).toBeHidden();
  expect((await page.locator('main').boundingBox())?.y, 'the screen begins in the upper fifth').toBeLessThan(128);
  await menu.click();
  await expect(menu).toHaveAttribute('aria-expanded', 'true');
  await desk.places.getByRole('link', { name: 'Orders' }).click();
  await expect(page.getByRole('heading', { name: 'Orders' })).toBeVisible();
  await expect(desk.places).toBeHidden();
  await expect(menu).toHaveAttribute('aria-expanded', 'false');
});

test('what is typed into a search box is no key of the list', async ({ desk, page }) => {
  await sell(1);
  await desk.open('/products');
  const box = page.getByRole('searchbox');
  await box.focus();
  await page.keyboard.type('jkx/?');
  await expect(box).toHaveValue('jkx/?');
  await expect(desk.dialog).toHaveCount(0);
});
