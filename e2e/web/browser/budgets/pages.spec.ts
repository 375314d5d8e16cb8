// How fast pages are on a slow phone: medians of five loads, each in a new browser.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../check.ts';
import { served } from '../served.ts';
import { holds } from '../visit.ts';

const kB = 1024;
const runs = 5;

/** What a load may come to: bytes as they are sent, milliseconds, and a share of the page. */
const most = { document: 14 * kB, stylesheet: 12 * kB, script: 6 * kB, lcp: 1000, inp: 100, cls: 0.02 };
type Figures = Record<keyof typeof most, number>;

declare global {
  interface Window {
    measured: { lcp: number; inp: number; cls: number };
  }
}

interface Shift extends PerformanceEntry {
  value: number;
  hadRecentInput: boolean;
}

interface Interaction extends PerformanceEntry {
  interactionId: number;
}

/** Makes a browser a phone on a slow network, and has it measure what its pages do. */
async function slow(context: BrowserContext, page: Page): Promise<void> {
  await context.addInitScript(() => {
    window.measured = { lcp: 0, inp: 0, cls: 0 };
    const observe = (type: string, see: (entry: PerformanceEntry) => void, more: object = {}): void =>
      new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true, ...more });
    observe('largest-contentful-paint', (entry) => (window.measured.lcp = entry.startTime));
    observe('layout-shift', (entry) => {
      if (!(entry as Shift).hadRecentInput) window.measured.cls += (entry as Shift).value;
    });
    const interacted = (entry: PerformanceEntry): void => {
      if ((entry as Interaction).interactionId > 0) window.measured.inp = Math.max(window.measured.inp, entry.duration);
    };
    observe('event', interacted, { durationThreshold: 16 });
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
}

/** Loads a page, uses it, and returns what that came to. */
async function load(page: Page, path: string, use: (page: Page) => Promise<void>): Promise<Figures> {
  const sent: Partial<Record<string, number>> = {};
  const sizes: Promise<void>[] = [];
  page.on('requestfinished', (request) => {
    sizes.push(request.sizes().then(({ responseBodySize }) => void (sent[request.resourceType()] = (sent[request.resourceType()] ?? 0) + responseBodySize)));
  });
  await page.goto(path, { waitUntil: 'load' });
  await page.evaluate(() => document.fonts.ready);
  await Promise.all(sizes);
  const loaded = { ...sent };
  await use(page);
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  const measured = await page.evaluate(() => window.measured);
  return { document: loaded['document'] ?? 0, stylesheet: loaded['stylesheet'] ?? 0, script: loaded['script'] ?? 0, ...measured };
}

function median(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}

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
