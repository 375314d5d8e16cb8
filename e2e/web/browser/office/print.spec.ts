// What is printed: each slip on a sheet of its own, on paper of Europe and America, without what
// can only be clicked.
import { readFileSync } from 'node:fs';
import { call, euros, sell, type Money, type Order } from '../served.ts';
import { paid, refunded } from './made.ts';
import { expect, test } from './office.ts';

/** A text of the sheets that customers get. */
function word(language: 'en' | 'ar', id: string): string {
  const texts = JSON.parse(readFileSync(new URL(`../../../../web/messages/${language}/office_sheets.json`, import.meta.url), 'utf8')) as Record<string, string>;
  return texts[id] ?? `no text ${id}`;
}

/** An amount as a language writes it. */
function written(locale: string, { currencyCode, units, nanos = 0 }: Money): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency: currencyCode }).format(Number(units) + nanos / 1e9);
}

for (const format of ['A4', 'Letter'] as const) {
  test(`two slips are two sheets of ${format}`, async ({ desk, page }) => {
    const both = [await paid(), await paid('LONG', 2)];
    await page.goto(`/office/print?sheet=slip&orders=${both.map(({ id }) => id).join('%2C')}`);
    await expect(page.locator('.print-sheet')).toHaveCount(2);
    const pdf = (await page.pdf({ format })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(2);
    await page.emulateMedia({ media: 'print' });
    await expect(page.locator('.masthead')).toBeHidden();
    await expect(desk.button('print.print')).toBeHidden();
    for (const { number } of both) await expect(page.getByText(number)).toBeVisible();
  });
}

test('a receipt tells who sold what, when it was paid and how, and adds up to that', async ({ page }) => {
  const order = await paid((await sell(3, { currencyCode: 'EUR', units: '19', nanos: 500_000_000 })).code, 3);
  const { order: read } = await call<{ order: Order }>('order.v1.OrderService/GetOrder', { id: order.id });
  await page.goto(`/office/print?sheet=receipt&orders=${order.id}`);
  const sheet = page.locator('.print-sheet');
  await expect(sheet).toHaveAttribute('lang', 'en');
  await expect(sheet.locator('address').first()).toContainText('Ada Lovelace, https://ada.example/.');
  for (const name of ['number', 'ordered', 'paid_on', 'method']) await expect(sheet.locator('dt').getByText(word('en', `sheet.${name}`), { exact: true })).toBeVisible();
  await expect(sheet.locator('dl')).toContainText(order.number);
  await expect(sheet.locator('dl')).toContainText(word('en', 'sheet.method.test'));
  await expect(sheet.locator('tbody tr')).toContainText('€58.50');
  await expect(sheet.locator('tfoot tr').last()).toContainText(written('en', read.total));
  await expect(sheet.locator('tfoot tr').last()).toContainText(word('en', 'sheet.paid'));
});

test('what a customer gets is in the language of the order, and the list for the shelves in that of who works', async ({ desk, page }) => {
  const order = await refunded('ar');
  for (const sheet of ['slip', 'receipt']) {
    await page.goto(`/office/print?sheet=${sheet}&orders=${order.id}`);
    const paper = page.locator('.print-sheet');
    await expect(paper).toHaveAttribute('lang', 'ar');
    await expect(paper).toHaveAttribute('dir', 'rtl');
    await expect(paper.locator('.heading')).toContainText(word('ar', `sheet.${sheet}`));
    await expect(paper.locator('address').last()).toContainText('المملكة المتحدة');
    await expect(desk.button('print.print')).toBeVisible();
  }
  const sums = page.locator('.print-sheet tfoot tr');
  await expect(sums.filter({ hasText: word('ar', 'sheet.refunded_on').replace('{{.Day}}', '') })).toContainText(written('ar-u-nu-latn', { currencyCode: 'EUR', units: '-1' }));
  await expect(sums.last()).toContainText(word('ar', 'sheet.kept'));
  await expect(sums.last()).toContainText(written('ar-u-nu-latn', order.balance ?? euros(0)));
  await page.goto(`/office/print?sheet=pick&orders=${order.id}`);
  await expect(page.locator('.print-sheet thead')).toContainText(desk.say('line.quantity'));
});

test.describe('who may see orders alone', () => {
  test.use({ who: 'packer' });

  test('prints them, and receipts with the sum of the refunds', async ({ desk, page }) => {
    const order = await refunded('en');
    await desk.open(`/orders/${order.id}`);
    await expect(desk.button('cancel.open')).toHaveCount(0);
    await page.getByRole('link', { name: desk.say('print.receipt'), exact: true }).click();
    const sums = page.locator('.print-sheet tfoot tr');
    await expect(sums.filter({ hasText: word('en', 'sheet.refunded') })).toHaveText(`${word('en', 'sheet.refunded')}-€1.00`);
    await expect(sums.last()).toContainText(written('en', order.balance ?? euros(0)));
  });
});
