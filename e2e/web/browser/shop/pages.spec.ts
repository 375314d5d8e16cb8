// How pages look, in each state: nobody is kept out, and nothing is wider than the page.
import { expect, leave, shownInAnotherLanguage, shownToAll, test } from '../check.ts';
import { served } from '../served.ts';
import { go } from '../state.ts';
import { states } from '../states.ts';

for (const state of states) {
  test(`${state.name}: light and dark, less motion, narrow, large text, forced colours, and Arabic`, async ({ page, context, errors }) => {
    await state.open({ page, errors, language: '' });
    await shownToAll(page);
    await leave(page);
    await context.clearCookies(); // another visitor
    await state.open({ page, errors, language: '/ar' });
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    await shownInAnotherLanguage(page);
  });
}

test('a program without the office says what to do', async ({ page, errors }) => {
  await go({ page, errors, language: '' }, '/office/', 404, served.away);
  await expect(page.locator('main')).toContainText('make office');
  await shownToAll(page);
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
