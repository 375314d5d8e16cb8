// The office's components, each in each of its states, as `make gallery` shows them. Its files are
// read from where they were built: no server has them.
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from '@playwright/test';
import { accessible, expect, test } from '../check.ts';

const built = new URL('../../../../web/gallery/built/', import.meta.url);

/** The components that lack a state, show nothing in one, or nothing with the class of their name where the styles have it. A dialog is opened below. */
async function incomplete(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText).join('\n');
    const styled = new Set([...rules.matchAll(/\.([a-z][a-z-]*)/g)].map(([, name]) => name));
    return [...document.querySelectorAll('main > section')].flatMap((section) => {
      const name = section.querySelector('h2')?.textContent ?? '';
      const states = [...section.children].filter(({ localName }) => localName === 'div');
      const css = name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
      const lacks = name !== 'Dialog' && styled.has(css) && !section.querySelector(`.${css}`);
      return states.length === 0 || states.some(({ childNodes }) => childNodes.length < 2) || lacks ? [name] : [];
    });
  });
}

/** Scrolls to something, and waits until the page has scrolled: that closes a list. */
async function settled(element: Locator): Promise<void> {
  await element.evaluate(
    (found) =>
      new Promise<void>((resolve) => {
        found.scrollIntoView({ block: 'center', behavior: 'instant' });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      }),
  );
}

for (const mode of ['light', 'dark', 'rtl', 'large']) {
  test(`the gallery of the office, ${mode}: nobody is kept out`, async ({ page }) => {
    await page.route('https://gallery.example/**', (route) => {
      const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
      return route.fulfill({ path: fileURLToPath(new URL(name.includes('.') ? name : 'index.html', built)) });
    });
    await page.goto(`https://gallery.example/office/${mode}`);
    await expect(page.locator('section h2').last()).toHaveText('PrintSheet');
    await expect.poll(() => incomplete(page), 'each component is shown in each of its states').toEqual([]);
    // Landmarks that a screen has once are there in several states.
    const once = { 'landmark-unique': { enabled: false } };
    // A list stands over the page in no landmark, and React Aria hides the page from readers while it is
    // open; the key that would lead there closes it.
    const opened = { region: { enabled: false }, 'aria-hidden-focus': { enabled: false }, 'page-has-heading-one': { enabled: false } };
    await accessible(page, once);
    const boxes = page.locator('.combo-box button');
    await expect(boxes).toHaveCount(5); // two of them are those of AddressFields
    for (const opens of await boxes.all()) {
      await settled(opens);
      await opens.click();
      await expect(page.getByRole('listbox')).toBeVisible();
      await accessible(page, { ...once, ...opened });
      await page.keyboard.press('Escape');
      await expect(page.getByRole('listbox')).toHaveCount(0);
    }
    const dialogs = page.locator('section', { has: page.getByRole('heading', { name: 'Dialog', exact: true }) }).getByRole('button');
    await expect(dialogs).toHaveCount(3);
    for (const opens of await dialogs.all()) {
      await opens.click();
      await expect(page.locator('.dialog')).toBeVisible();
      await accessible(page, once);
      await page.keyboard.press('Escape');
      const anyway = page.locator('.dialog .button[data-kind=bad]'); // where something was typed, it asks
      if (await anyway.isVisible()) await anyway.click();
      await expect(page.locator('.dialog')).toHaveCount(0);
    }
  });
}
