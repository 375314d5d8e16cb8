// Measures loads and what is done on them, on a slow phone.
import type { BrowserContext, Page } from '@playwright/test';

/** How often a load is measured; medians count. */
export const runs = 5;
/** A kilobyte of the budgets. */
export const kB = 1000;
/** The screen of a phone. */
export const phone = { width: 412, height: 823 };

/** What a load comes to: bytes as they are sent, milliseconds, and a share of the page. */
export type Figures = Record<'document' | 'stylesheet' | 'script' | 'lcp' | 'inp' | 'cls', number>;

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

/** Has the pages that a browser loads measure what they do. */
export async function observe(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.measured = { lcp: 0, inp: 0, cls: 0 };
    const watch = (type: string, see: (entry: PerformanceEntry) => void, more: object = {}): void =>
      new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true, ...more });
    watch('largest-contentful-paint', (entry) => (window.measured.lcp = entry.startTime));
    watch('layout-shift', (entry) => {
      if (!(entry as Shift).hadRecentInput) window.measured.cls += (entry as Shift).value;
    });
    const interacted = (entry: PerformanceEntry): void => {
      if ((entry as Interaction).interactionId > 0) window.measured.inp = Math.max(window.measured.inp, entry.duration);
    };
    watch('event', interacted, { durationThreshold: 16 });
    watch('first-input', interacted); // also one that is quicker
  });
}

/** Makes a browser a phone on a slow network, and has it measure what its pages do. */
export async function slow(context: BrowserContext, page: Page): Promise<void> {
  await observe(context);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
}

/** What is done on a page: waiting until all of it is there, and using it. */
export interface Visit {
  there?: (page: Page) => Promise<void>;
  use: (page: Page) => Promise<void>;
}

/** Loads a page, uses it, and returns what that came to. It fails where a figure was not measured: none is nothing. */
export async function load(page: Page, path: string, { there, use }: Visit): Promise<Figures> {
  const sent: Partial<Record<string, number>> = {};
  const sizes: Promise<void>[] = [];
  page.on('requestfinished', (request) => {
    sizes.push(request.sizes().then(({ responseBodySize }) => void (sent[request.resourceType()] = (sent[request.resourceType()] ?? 0) + responseBodySize)));
  });
  await page.goto(path, { waitUntil: 'load' });
  await page.evaluate(() => document.fonts.ready);
  await there?.(page);
  await page.waitForFunction(() => window.measured.lcp > 0);
  await Promise.all(sizes);
  const loaded = { ...sent };
  const bytes = (type: string): number => {
    const size = loaded[type];
    if (!size) throw new Error(`no ${type} of ${path} was sent`);
    return size;
  };
  const files = { document: bytes('document'), stylesheet: bytes('stylesheet'), script: bytes('script') };
  await use(page);
  await page.waitForFunction(() => window.measured.inp > 0);
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  return { ...files, ...(await page.evaluate(() => window.measured)) };
}

/** Returns the middle one. */
export function median(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Infinity;
}
