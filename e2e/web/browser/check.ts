// What each check has: a browser of its own, in which no error may come up, and pictures.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';

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
export async function accessible(page: Page): Promise<void> {
  await finds(page, { rules: { 'target-size': { enabled: true } } });
}

/** Finds texts that can't be read in the colours that the page has now, once they have stopped changing. */
export async function legible(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
  });
  await finds(page, { runOnly: ['color-contrast', 'link-in-text-block'] });
}

async function finds(page: Page, options: Parameters<AxeBuilder['options']>[0]): Promise<void> {
  const result = await new AxeBuilder({ page }).options(options).analyze();
  const found = result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}\n${node.failureSummary}`));
  expect(found, 'axe finds nothing').toEqual([]);
}

/** Checks that nothing is wider than the page, so that it scrolls in one direction alone. */
export async function fits(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
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
