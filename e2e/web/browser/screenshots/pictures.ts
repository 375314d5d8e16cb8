import type { Page } from '@playwright/test';

const widths = [320, 412, 1280];

/** Takes pictures of a page in each width. */
export async function take(page: Page, of: string, mode: string): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `pictures/${of.replaceAll(/[^a-z0-9/]+/g, '-')}/${width}-${mode}.png`, fullPage: true });
  }
}
