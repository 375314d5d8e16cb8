// How screens look, in each state and both languages: nobody is kept out, and nothing is wider
// than the screen.
import { accessible, fits, shownToAll } from '../check.ts';
import { expect, test } from './office.ts';
import { states } from './states.ts';

for (const state of states) {
  test.describe(state.name, () => {
    test.use({ who: state.who ?? 'owner' });

    test(`${state.name}: light and dark, narrow, large text, forced colours`, async ({ desk, page }) => {
      await state.open(desk);
      await shownToAll(page);
    });

    test.describe(() => {
      test.use({ language: 'de' });

      test(`${state.name}: German, narrow`, async ({ desk, page }) => {
        await state.open(desk);
        await expect(page.locator('html')).toHaveAttribute('lang', 'de');
        await accessible(page);
        await page.setViewportSize({ width: 320, height: 900 });
        await fits(page);
      });
    });
  });
}

test('nothing moves for those who want less motion', async ({ desk, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const path of ['/', '/orders', '/settings']) {
    await desk.open(path);
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((element) => getComputedStyle(element).transitionDuration.split(', ').some((time) => parseFloat(time) > 0))
        .map((element) => element.outerHTML),
    );
    expect(moving, path).toEqual([]);
  }
});
