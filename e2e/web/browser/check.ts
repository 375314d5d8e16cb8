// What each check has: a browser of its own, in which no error may come up, and pictures.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import type { default as Axe, RunOptions } from 'axe-core';

declare global {
  interface Window {
    axe?: typeof Axe;
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><circle cx="200" cy="200" r="150" fill="#47a"/></svg>';

/** Errors are what a browser complained about: refused by the pages' policy, failed, or thrown. */
export class Errors {
  readonly found: string[] = [];
  private expected: RegExp[] = [];

  constructor(context: BrowserContext) {
    context.on('console', (message) => {
      if (message.type() === 'error') this.found.push(`${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.found.push(String(error.error())));
  }

  /** Says that a check brings about an error: a page with such a status, or a lost connection. */
  expect(error: RegExp): void {
    this.expected.push(error);
  }

  unexpected(): string[] {
    return this.found.filter((error) => !this.expected.some((expected) => expected.test(error)));
  }
}

export const test = base.extend<{ errors: Errors }>({
  errors: [
    async ({ context }, use) => {
      const errors = new Errors(context);
      await context.route('https://pictures.example/**', (route) => route.fulfill({ contentType: 'image/svg+xml', body: picture }));
      await use(errors);
      expect(errors.unexpected(), 'no error comes up in the browser').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Finds what keeps people out, by axe's rules, and targets that are too small. */
export async function accessible(page: Page, rules: RunOptions['rules'] = {}): Promise<void> {
  await finds(page, { rules: { 'target-size': { enabled: true }, ...rules } });
}

/** Finds texts that can't be read in the colours that the page has now. The other rules find the same in all colours. */
async function legible(page: Page): Promise<void> {
  await finds(page, { runOnly: ['color-contrast', 'link-in-text-block'] });
}

// Run in the page itself, and only what is wrong is fetched: axe's own package for Playwright opens a
// tab for each look, and hands over what is right, too.
async function finds(page: Page, options: RunOptions): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (asked) => {
    if (!window.axe) throw new Error('axe is not there');
    // A mail is its sender's, in a frame in which nothing can be run. What React Aria has read out
    // stays for seconds where nobody sees it, and names what may be gone by then.
    const { violations } = await window.axe.run({ exclude: ['iframe', '[data-live-announcer]'] }, { ...asked, resultTypes: ['violations'] });
    return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}\n${node.failureSummary}`));
  }, options);
  expect(found, 'axe finds nothing').toEqual([]);
}

/** Checks that nothing moves. */
async function still(page: Page): Promise<void> {
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => {
        const { animationName, animationDuration, transitionDuration } = getComputedStyle(element);
        const lasts = (durations: string): boolean => durations.split(', ').some((duration) => parseFloat(duration) > 0);
        return lasts(transitionDuration) || (animationName !== 'none' && lasts(animationDuration));
      })
      .map((element) => element.outerHTML),
  );
  expect(moving, 'nothing moves for those who want less motion').toEqual([]);
}

/** Checks that nothing is wider than the page, or than what scrolls over it, so that both scroll in one direction alone. */
export async function fits(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const root = [document.documentElement, ...document.querySelectorAll('.overlay')].find((one) => one.scrollWidth > one.clientWidth);
    if (!root) return [];
    const names = [...document.querySelectorAll('body *')]
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.right > root.clientWidth + 0.5 || box.left < -0.5;
      })
      .map((element) => `${element.localName}.${element.className} ends at ${element.getBoundingClientRect().right}`);
    return [`${root.scrollWidth} px of ${root.clientWidth}`, ...names];
  });
  expect(tooWide, 'nothing is wider than the page').toEqual([]);
}

/** Checks that a page keeps nobody out: in light and dark, with less motion, on a phone, in large text and in the reader's own colours. */
export async function shownToAll(page: Page): Promise<void> {
  await accessible(page);
  await shownInTheDark(page);

  await page.setViewportSize({ width: 320, height: 900 });
  await fits(page);
  await page.setViewportSize({ width: 640, height: 900 });
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  await fits(page);
  await page.evaluate(() => (document.documentElement.style.fontSize = ''));

  await page.emulateMedia({ forcedColors: 'active' });
  const bare = await page.evaluate(() =>
    [...document.querySelectorAll('main .button, .modal .button, input, select, textarea')]
      .filter((control) => control.checkVisibility() && parseFloat(getComputedStyle(control).borderTopWidth) === 0)
      .filter((control) => !['checkbox', 'radio', 'hidden'].includes(control.getAttribute('type') ?? ''))
      .map((control) => control.outerHTML),
  );
  expect(bare, 'each control has a border where colours are the reader’s').toEqual([]);
  await legible(page);
}

/** Checks that a page in another language keeps nobody out: in light and dark, and on a phone. */
export async function shownInAnotherLanguage(page: Page): Promise<void> {
  await accessible(page);
  await shownInTheDark(page);
  await page.setViewportSize({ width: 320, height: 900 });
  await fits(page);
}

// Colours change at once there, because nothing moves.
async function shownInTheDark(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await still(page);
  await legible(page);
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Closes the page, and makes the tab as it was before the check. */
export async function leave(page: Page): Promise<void> {
  await page.goto('about:blank');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.context().setOffline(false);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null, forcedColors: null });
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** Checks that the tab key follows the order of reading: row by row, a card or a section after the other. */
export async function readsInOrder(page: Page): Promise<void> {
  const backwards = await page.evaluate(() => {
    const rtl = document.documentElement.dir === 'rtl';
    const follows = (before: DOMRect, box: DOMRect): boolean => {
      if (before.right === 0) return true;
      const sameRow = box.top < before.bottom && before.top < box.bottom;
      const beside = rtl ? box.right <= before.left + 1 : box.left >= before.right - 1;
      return sameRow ? beside || box.top > before.top : box.top >= before.top;
    };
    const groupOf = (element: Element): Element => element.closest('.product-card, .order > section') ?? element;
    const stops = [...document.querySelectorAll<HTMLElement>('main a[href], main button, main input:not([type=hidden]), main select, main textarea, main summary')]
      .filter((element) => element.checkVisibility() && element.tabIndex >= 0);
    return stops
      .filter((element, i) => {
        const before = stops[i - 1];
        if (!before) return false;
        const [group, groupBefore] = [groupOf(element), groupOf(before)];
        const [at, from] = group === groupBefore ? [element, before] : [group, groupBefore];
        return !follows(from.getBoundingClientRect(), at.getBoundingClientRect());
      })
      .map((element) => element.outerHTML);
  });
  expect(backwards, `${page.url()}: the tab key never goes back`).toEqual([]);
}
