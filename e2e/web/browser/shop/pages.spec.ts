// How pages look, in each state: nobody is kept out, and nothing is wider than the page.
import { accessible, expect, fits, shownToAll, test } from '../check.ts';
import { states } from '../states.ts';

for (const state of states) {
  test(`${state.name}: light and dark, narrow, large text, forced colours`, async ({ page, errors }) => {
    await state.open({ page, errors, language: '' });
    await shownToAll(page);
  });

  test(`${state.name}: Arabic, from right to left`, async ({ page, errors }) => {
    await state.open({ page, errors, language: '/ar' });
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    await accessible(page);
    await page.setViewportSize({ width: 320, height: 900 });
    await fits(page);
  });
}

test('nothing moves for those who want less motion', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const path of ['/', '/p/BLUE/blue-mug', '/cart']) {
    await page.goto(path);
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((element) => {
          const style = getComputedStyle(element);
          return style.animationName !== 'none' || style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0);
        })
        .map((element) => element.outerHTML),
    );
    expect(moving).toEqual([]);
  }
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a picture that fails leaves its swatch', async ({ page, errors }) => {
      errors.expect(/pictures\.example/);
      await page.route('https://pictures.example/**', (route) => route.abort());
      await page.goto('/p/PICTURE/mug-with-a-picture');
      await expect(page.locator('.product .swatch svg')).toBeVisible();
      await expect(page.locator('.product .swatch img')).toHaveCount(javaScriptEnabled ? 0 : 1);
    });
  });
}
