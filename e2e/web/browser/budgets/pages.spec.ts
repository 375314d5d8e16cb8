// How fast pages are on a slow phone: medians of five loads, each in a new browser.
import type { Page } from '@playwright/test';
import { signIn } from '../account.ts';
import { Errors, expect, test } from '../check.ts';
import { call, place, reached, served } from '../served.ts';
import { holds } from '../visit.ts';
import { kB, load, median, phone, runs, slow, type Figures } from './measure.ts';

/** What a load may come to. */
const most: Figures = { document: 14 * kB, stylesheet: 12 * kB, script: 6 * kB, lcp: 1000, inp: 100, cls: 0.02 };

interface Measured {
  path: string | (() => Promise<string>);
  /** What the visitor did before, without a page. */
  before?: (page: Page) => Promise<void>;
  use: (page: Page) => Promise<void>;
}

const search = async (page: Page): Promise<void> => {
  await page.getByRole('searchbox').click();
  await page.keyboard.type('mug');
};
const cart = (page: Page): Promise<void> => holds(page, 'BLUE', 2);

let paid: Promise<{ number: string; link: string }> | undefined;

/** An order of a guest that is paid, once for all loads. */
function ordered(): Promise<{ number: string; link: string }> {
  return (paid ??= (async () => {
    const { order, link } = await place('PICTURE');
    await reached(order, 'CONFIRMED');
    return { number: order.number, link };
  })());
}

const pages: Record<string, Measured> = {
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
    before: cart,
    use: async (page) => {
      await page.getByRole('spinbutton').first().fill('3');
      await page.getByRole('button', { name: /Update/ }).first().click();
      await expect(page.locator('header .count')).toContainText('3');
    },
  },
  'the checkout': {
    path: '/checkout',
    before: cart,
    use: async (page) => {
      await page.locator('[name="contact.email"]').click();
      await page.keyboard.type('ada@example.com');
    },
  },
  'an order': {
    path: async () => `/orders/${(await ordered()).number}`,
    before: async (page) => void (await page.request.get((await ordered()).link)),
    use: search,
  },
  'signing in': {
    path: '/account/sign-in',
    use: async (page) => {
      await page.locator('[name=email]').click();
      await page.keyboard.type('ada@example.com');
    },
  },
  'the orders of an account': { path: '/account/orders', before: async (page) => void (await signIn(page)), use: search },
};

test.beforeAll(async () => {
  const { totalSize = 0 } = await call<{ totalSize?: number }>('catalog.v1.ProductService/ListProducts', { pageSize: 1, includeTotalSize: true });
  expect(totalSize, 'the shop has that many products').toBeGreaterThanOrEqual(1000);
});

for (const pictures of ['there', 'broken']) {
  for (const [name, { path, before, use }] of Object.entries(pages)) {
    test(`${name}, pictures ${pictures}`, async ({ browser, baseURL }) => {
      const all: Figures[] = [];
      for (let run = 0; run < runs; run++) {
        const context = await browser.newContext({ viewport: phone, baseURL });
        const errors = new Errors(context);
        if (pictures === 'broken') errors.expect(/ERR_FAILED.*pictures\.example/);
        await context.route('https://pictures.example/**', (route) =>
          pictures === 'there' ? route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>' }) : route.abort(),
        );
        const page = await context.newPage();
        await before?.(page);
        await slow(context, page);
        all.push(await load(page, typeof path === 'string' ? path : await path(), { use }));
        expect(errors.unexpected(), 'no error comes up in the browser').toEqual([]);
        await context.close();
      }
      const figures = Object.fromEntries(Object.keys(most).map((key) => [key, median(all.map((run) => run[key as keyof Figures]))])) as Figures;
      console.log(`${name}, pictures ${pictures}: ${Object.entries(figures).map(([key, value]) => `${key} ${Math.round(value * 1000) / 1000}`).join(', ')}`);
      const over = Object.entries(figures).filter(([key, value]) => value > most[key as keyof Figures]);
      expect(over, 'all figures are within their budgets').toEqual([]);
    });
  }
}
