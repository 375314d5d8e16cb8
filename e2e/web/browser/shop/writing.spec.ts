// Numbers are written and read as each language does (nextjs-starter-medusa#149,
// medusajs/admin#630), and none is mirrored from right to left (medusa#15371).
import { expect, test } from '../check.ts';
import { place, reached, sell, served } from '../served.ts';
import { holds } from '../visit.ts';

test('dinars have three decimals and yen none', async ({ page }) => {
  const dinars = await sell(5, { currencyCode: 'KWD', units: '1', nanos: 250_000_000 });
  const yen = await sell(5, { currencyCode: 'JPY', units: '1700' });
  for (const [product, texts] of [
    [dinars, { '': 'KWD 1.250', '/de': '1,250 KWD' }],
    [yen, { '': '¥1,700', '/de': '1.700 ¥' }],
  ] as const) {
    for (const [language, text] of Object.entries(texts)) {
      await page.goto(`${language}${product.path}`);
      await expect(page.locator('.product .price')).toHaveText(text);
    }
  }
});

test('19,50 is read as the page’s language writes it', async ({ page }) => {
  const name = `Mug of ${process.pid}`;
  await sell(5, { currencyCode: 'EUR', units: '19', nanos: 500_000_000 }, name);
  for (const [language, amount] of [['', '19.50'], ['', '19,50'], ['/de', '19,50'], ['/ar', '١٩٫٥٠']]) {
    await page.goto(`${language}/search?q=${encodeURIComponent(name)}`);
    for (const field of ['min', 'max']) await page.locator(`#${field}`).fill(amount ?? '');
    await page.locator('.filter-bar button').click();
    await expect(page.locator('.product-card')).toHaveCount(1);
    await expect(page.locator('#min')).toHaveValue(amount ?? '');
  }
});

test('no number is mirrored on pages from right to left', async ({ page }) => {
  await holds(page, 'LONG', 2);
  const placed = await place('BLUE');
  await reached(placed.order, 'CONFIRMED');
  await page.goto(placed.link);
  const order = `/ar/orders/${placed.order.number}`;
  for (const path of ['/ar', `/ar${served.category}?sort=dear`, '/ar/p/LONG', '/ar/cart', '/ar/checkout', order]) {
    await page.goto(path);
    for (const summary of await page.locator('main summary').all()) await summary.click();
    const mirrored = await page.evaluate(() => {
      const found: string[] = [];
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        for (const digits of (text.textContent ?? '').matchAll(/[\d.,]*\d/g)) {
          const lefts = [...digits[0]].map((_, i) => {
            const range = document.createRange();
            range.setStart(text, digits.index + i);
            range.setEnd(text, digits.index + i + 1);
            return range.getBoundingClientRect().left;
          });
          if (lefts.some((left, i) => i > 0 && left < (lefts[i - 1] ?? left))) found.push(digits[0]);
        }
      }
      return found;
    });
    expect(mirrored, path).toEqual([]);
  }
});
