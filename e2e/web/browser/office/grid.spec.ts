// Prices and stock of many products, as in a sheet.
import type { Page } from '@playwright/test';
import { call, deliver, euros, sell, type Money, type Product } from '../served.ts';
import { expect, test, type Desk } from './office.ts';

/** What the grid changes of a product, as it is now. */
async function read({ code }: Product): Promise<{ price: Money; onHand: string }> {
  const [{ product }, { stock }] = await Promise.all([
    call<{ product: { price: Money } }>('catalog.v1.ProductService/GetProduct', { code }),
    call<{ stock: { onHand?: string } }>('inventory.v1.InventoryService/GetStock', { productCode: code }),
  ]);
  return { price: product.price, onHand: stock.onHand ?? '0' };
}

/** Makes products that no other check has, with a name to find them by. */
async function made(...stocks: number[]): Promise<{ name: string; products: Product[] }> {
  const name = `Grid ${crypto.randomUUID().slice(0, 8)}`;
  const products = [];
  for (const stock of stocks) products.push(await sell(stock, euros(5), name));
  return { name, products };
}

/** Opens the grid with the products of a name, in the order of their codes. */
async function open(desk: Desk, name: string, count: number): Promise<void> {
  await desk.open(`/products/grid?q=${encodeURIComponent(name)}`);
  await expect(desk.rows).toHaveCount(count);
}

const cell = (desk: Desk, row: number, column: 'Code' | 'Price' | 'On hand' | 'Note') => desk.rows.nth(row).locator(`[data-label="${column}"]`);

/** Pastes a text as the keyboard does. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** Loads the page anew, whatever is typed: the browser asks first. */
async function reload(page: Page): Promise<void> {
  page.once('dialog', (dialog) => void dialog.accept());
  await page.reload();
}

async function save(desk: Desk): Promise<void> {
  const check = desk.button('grid.check');
  if (await check.isVisible()) await check.click();
  await desk.page.getByRole('button', { name: /^Save \d+ changes?$/ }).click();
}

test('cells are changed by the keyboard alone, taken back and saved', async ({ desk, page }) => {
  const { name, products } = await made(3, 4);
  await open(desk, name, 2);
  await cell(desk, 0, 'Code').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(cell(desk, 0, 'Price')).toBeFocused();
  await page.keyboard.type('7.5');
  await page.keyboard.press('Escape');
  await expect(cell(desk, 0, 'Price')).toHaveText('€5.00');
  await expect(cell(desk, 0, 'Price')).toBeFocused();

  await page.keyboard.press('F2');
  await expect(page.locator(':focus')).toHaveValue('5.00');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('7.50');
  await page.keyboard.press('Tab');
  await expect(cell(desk, 0, 'On hand')).toBeFocused();
  await expect(cell(desk, 0, 'Price')).toHaveText('€5.00 → €7.50');
  await page.keyboard.type('+2');
  await page.keyboard.press('Enter');
  await expect(cell(desk, 1, 'On hand')).toBeFocused();
  await page.keyboard.type('1');
  await page.keyboard.press('Tab'); // there is nothing to change behind it
  await expect(page.locator('.bulk-bar')).toContainText('3 cells are changed.');
  await expect(cell(desk, 1, 'On hand')).toHaveText('4 → 1 (-3)');

  await cell(desk, 1, 'On hand').focus();
  await page.keyboard.press('Delete');
  await expect(cell(desk, 1, 'On hand')).toHaveText('4');
  await page.keyboard.press('ControlOrMeta+Z');
  await expect(cell(desk, 1, 'On hand')).toHaveText('4 → 1 (-3)');
  await page.keyboard.press('ControlOrMeta+Z');
  await expect(cell(desk, 1, 'On hand')).toHaveText('4');

  await reload(page); // a draft outlives it
  await expect(page.locator('.bulk-bar')).toContainText('2 cells are changed.');
  await save(desk);
  await desk.said('2 changes are saved.');
  await expect(page.getByText('Nothing is changed.')).toBeVisible();
  const [first, second] = products as [Product, Product];
  expect(await read(first)).toMatchObject({ price: { units: '7', nanos: 500_000_000 }, onHand: '5' });
  expect(await read(second)).toMatchObject({ price: euros(5), onHand: '4' });
});

test('a block is pasted from the cell with the focus on', async ({ desk, page }) => {
  const { name } = await made(1, 2, 3);
  await open(desk, name, 3);
  await cell(desk, 1, 'Price').focus();
  await paste(page, '6\t+1\n6.5\tmany\n9\t9\n');
  await expect(cell(desk, 0, 'Price')).toHaveText('€5.00');
  await expect(cell(desk, 1, 'Price')).toHaveText('€5.00 → €6.00');
  await expect(cell(desk, 1, 'On hand')).toHaveText('2 → 3 (+1)');
  await expect(cell(desk, 2, 'Price')).toHaveText('€5.00 → €6.50');
  await expect(cell(desk, 2, 'On hand')).toHaveText('3 → many');
  await expect(cell(desk, 2, 'On hand')).toHaveAttribute('aria-invalid', 'true');
  await expect(cell(desk, 2, 'Note')).toContainText('neither a number of pieces nor a difference');
  await expect(page.locator('.bulk-bar')).toContainText('4 cells are changed. 1 can’t be read.');
  await page.keyboard.press('ControlOrMeta+Z');
  await expect(page.locator('.bulk-bar')).toHaveCount(0);
});

test.describe(() => {
  test.use({ language: 'de' });

  test('a price list is pasted as the language writes it, looked through and saved', async ({ desk, page }) => {
    const { products } = await made(1, 1, 1);
    const [first, second, third] = products as [Product, Product, Product];
    await desk.open('/products/grid');
    await desk.ask('grid.paste');
    await desk.field('list').fill(`Code\tPreis\tBestand\n${first.code}\t1.019,50 €\t12\n${second.code}\t19.50\t\n${third.code}\t\t+4\nGIBT-ES-NICHT\t1\t1\n`);
    await desk.send();
    await expect(desk.dialog).toHaveCount(0);
    await expect(page).toHaveURL(/only=changed/);
    await expect(page.getByText('2 Codes sind unbekannt: Code, GIBT-ES-NICHT')).toBeVisible();
    await expect(desk.rows).toHaveCount(3);
    await expect(page.locator('.bulk-bar')).toContainText('4 Zellen sind geändert. 1 lässt sich nicht lesen.');
    await page.getByRole('button', { name: '3 Änderungen speichern' }).click();
    await desk.said('3 Änderungen sind gespeichert.');
    await expect(desk.rows).toHaveCount(1); // what can't be read is there still
    expect(await read(first)).toMatchObject({ price: { units: '1019', nanos: 500_000_000 }, onHand: '12' });
    expect(await read(second)).toMatchObject({ price: euros(5), onHand: '1' });
    expect(await read(third)).toMatchObject({ price: euros(5), onHand: '5' });
  });
});

test('some are refused: the others are saved, those keep what was typed, and again sends those alone', async ({ desk, page }) => {
  const { name, products } = await made(2, 2, 2);
  await open(desk, name, 3);
  await cell(desk, 0, 'Price').focus();
  await paste(page, '6\t-1\n6\t-3\n6\t+1\n');
  const second = products[1] as Product;
  await save(desk);
  await desk.said('5 changes are saved.');
  await expect(desk.rows).toHaveCount(1);
  await expect(cell(desk, 0, 'On hand')).toHaveText('2 → -1 (-3)');
  await expect(cell(desk, 0, 'Note')).toHaveText('Stock: There would be less than is promised to orders.');
  await deliver(second, 5);
  const sent = page.waitForRequest('**/BatchAdjustStock');
  await save(desk);
  expect((await sent).postDataJSON()).toMatchObject({ requests: [{ productCode: second.code, delta: '-3' }] });
  await expect(page.getByText('Nothing is changed.')).toBeVisible();
  expect(await read(second)).toMatchObject({ price: euros(6), onHand: '4' });
});

test('the answer is lost: after a reload it is asked for again, and stock is not counted twice', async ({ desk, page, errors }) => {
  errors.expect(/ERR_FAILED/);
  const { name, products } = await made(2);
  await open(desk, name, 1);
  await cell(desk, 0, 'On hand').focus();
  await page.keyboard.type('+5');
  await page.keyboard.press('Enter');
  const method = '**/shopmesh.inventory.v1.InventoryService/BatchAdjustStock';
  await page.route(method, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await save(desk);
  await expect(page.locator('.bulk-bar').getByRole('alert')).toContainText('The shop can’t be reached right now.');
  await expect(cell(desk, 0, 'Note')).toContainText('No answer came.');
  expect(await read(products[0] as Product)).toMatchObject({ onHand: '7' });
  await page.unroute(method);
  await reload(page);
  await cell(desk, 0, 'On hand').focus();
  await page.keyboard.press('Delete'); // it can't be changed before it is known what became of it
  await expect(page.locator('.bulk-bar')).toContainText('1 cell is changed.');
  await save(desk);
  await expect(page.getByText('Nothing is changed.')).toBeVisible();
  expect(await read(products[0] as Product)).toMatchObject({ onHand: '7' });
});

// PrestaShop#19454
test('somebody else changed a price meanwhile: theirs is shown, and the next click sets yours', async ({ desk, page }) => {
  const { name, products } = await made(1, 1);
  const [first, second] = products as [Product, Product];
  await open(desk, name, 2);
  await cell(desk, 0, 'Price').focus();
  await paste(page, '6\n7\n');
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id: first.id, price: euros(9) }, updateMask: 'price' });
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id: second.id, description: 'It is blue.' }, updateMask: 'description' });
  await save(desk);
  await desk.said('1 change is saved.'); // of the other product they changed something else
  await expect(desk.rows).toHaveCount(1);
  await expect(cell(desk, 0, 'Price')).toHaveText('€9.00 → €6.00');
  await expect(cell(desk, 0, 'Note')).toContainText('Somebody else changed the price meanwhile');
  await save(desk);
  await expect(page.getByText('Nothing is changed.')).toBeVisible();
  expect((await read(first)).price).toEqual(euros(6));
  expect((await read(second)).price).toEqual(euros(7));
});

test('why stock is changed outlives a reload, and ends with the changes', async ({ desk, page }) => {
  const { name } = await made(2);
  await open(desk, name, 1);
  await cell(desk, 0, 'On hand').focus();
  await page.keyboard.type('+5');
  await page.keyboard.press('Enter');
  await desk.button('grid.check').click();
  await desk.field('reason').fill('delivery of Monday');
  await reload(page);
  await expect(desk.field('reason')).toHaveValue('delivery of Monday');
  await desk.button('grid.discard').click();
  await expect(page.getByText('Nothing is changed.')).toBeVisible();
  expect(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('draft:')))).toEqual([]);
});
