// What is printed: each slip on a sheet of its own, on paper of Europe and America, without what
// can only be clicked.
import { call, sell, type Money, type Order } from '../served.ts';
import { paid } from './made.ts';
import { expect, test } from './office.ts';

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

test('a receipt adds up to what was paid, in the language of the office', async ({ page }) => {
  const order = await paid((await sell(3, { currencyCode: 'EUR', units: '19', nanos: 500_000_000 })).code, 3);
  const { order: read } = await call<{ order: Order & { total: Money } }>('order.v1.OrderService/GetOrder', { id: order.id });
  const total = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'EUR' }).format(Number(read.total.units) + (read.total.nanos ?? 0) / 1e9);
  await page.goto(`/office/print?sheet=receipt&orders=${order.id}`);
  await expect(page.locator('.print-sheet tfoot tr').last()).toContainText(total);
  await expect(page.locator('.print-sheet tbody tr')).toContainText('€58.50');
});
