// The office's components, each in each of its states, as `make gallery` shows them. Its files are
// read from where they were built: no server has them.
import { fileURLToPath } from 'node:url';
import { accessible, expect, test } from '../check.ts';

const built = new URL('../../../../web/gallery/built/', import.meta.url);

for (const mode of ['light', 'dark', 'rtl', 'large']) {
  test(`the gallery of the office, ${mode}: nobody is kept out`, async ({ page }) => {
    await page.route('https://gallery.example/**', (route) => {
      const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
      return route.fulfill({ path: fileURLToPath(new URL(name.includes('.') ? name : 'index.html', built)) });
    });
    await page.goto(`https://gallery.example/office/${mode}`);
    await expect(page.locator('section h2').last()).toHaveText('PrintSheet');
    // Landmarks that a screen has once are there in several states.
    const once = { 'landmark-unique': { enabled: false } };
    // A list stands over the page in no landmark, and React Aria hides the page from readers while it is
    // open; the key that would lead there closes it.
    const opened = { region: { enabled: false }, 'aria-hidden-focus': { enabled: false }, 'page-has-heading-one': { enabled: false } };
    await accessible(page, once);
    for (const opens of await page.locator('.combo-box button').all()) {
      await opens.scrollIntoViewIfNeeded();
      await expect(async () => { // the page scrolls for a frame still, which closes a list
        await opens.click();
        await expect(page.getByRole('listbox')).toBeVisible({ timeout: 1 });
      }).toPass();
      await accessible(page, { ...once, ...opened });
      await page.keyboard.press('Escape');
      await expect(page.getByRole('listbox')).toHaveCount(0);
    }
    const dialogs = page.locator('section', { has: page.getByRole('heading', { name: 'Dialog', exact: true }) }).getByRole('button');
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
