// How fast pages are on a slow phone: medians of five loads, each in a new browser.
import type { Page } from '@playwright/test';
import { expect, test } from '../check.ts';
import { served } from '../served.ts';
import { holds } from '../visit.ts';
import { load, median, runs, slow, type Figures } from './measure.ts';

const kB = 1024;

/** What a load may come to. */
const most: Figures = { document: 14 * kB, stylesheet: 12 * kB, script: 6 * kB, lcp: 1000, inp: 100, cls: 0.02 };

const search = async (page: Page): Promise<void> => {
  await page.getByRole('searchbox').click();
  await page.keyboard.type('mug');
};

const pages: Record<string, { path: string; use: (page: Page) => Promise<void> }> = {
  'the start page': { path: '/', use: search },
  'a category': { path: served.category, use: search },
  'a search': { path: '/search?q=thing', use: search },
  'a product': {
    path: '/p/PICTURE/mug-with-a-picture',
    use: async (page) => {
      await page.getByRole('button', { name: 'Add to cart' }).click();
      await expect(page.locator('header .count')).toBeVisible();
    },
  },
  'the cart': {
    path: '/cart',
    use: async (page) => {
      await page.getByRole('spinbutton').first().fill('3');
      await page.getByRole('button', { name: /Update/ }).first().click();
      await expect(page.locator('header .count')).toContainText('3');
    },
  },
  'the checkout': {
    path: '/checkout',
    use: async (page) => {
      await page.locator('[name="contact.email"]').click();
      await page.keyboard.type('ada@example.com');
    },
  },
};

for (const pictures of ['there', 'broken']) {
  for (const [name, { path, use }] of Object.entries(pages)) {
    test(`${name}, pictures ${pictures}`, async ({ browser, baseURL }) => {
      const all: Figures[] = [];
      for (let run = 0; run < runs; run++) {
        const context = await browser.newContext({ viewport: { width: 412, height: 823 }, baseURL });
        await context.route('https://pictures.example/**', (route) =>
          pictures === 'there' ? route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>' }) : route.abort(),
        );
        const page = await context.newPage();
        if (path === '/cart' || path === '/checkout') await holds(page, 'BLUE', 2);
        await slow(context, page);
        all.push(await load(page, path, use));
        await context.close();
      }
      const figures = Object.fromEntries(Object.keys(most).map((key) => [key, median(all.map((run) => run[key as keyof Figures]))])) as Figures;
      console.log(`${name}, pictures ${pictures}: ${Object.entries(figures).map(([key, value]) => `${key} ${Math.round(value * 1000) / 1000}`).join(', ')}`);
      const over = Object.entries(figures).filter(([key, value]) => value > most[key as keyof Figures]);
      expect(over, 'all figures are within their budgets').toEqual([]);
    });
  }
}
