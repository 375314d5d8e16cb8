// Pictures of each page in each state, for people to look at.
import { test } from '../check.ts';
import { states } from '../states.ts';

const widths = [320, 412, 1280];

for (const state of states) {
  for (const [mode, language, colorScheme] of [['light', '', 'light'], ['dark', '', 'dark'], ['ar', '/ar', 'light']] as const) {
    test(`${state.name}, ${mode}`, async ({ page, errors }) => {
      await page.emulateMedia({ colorScheme });
      await state.open({ page, errors, language });
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 });
        await page.screenshot({ path: `pictures/${state.name.replaceAll(/[^a-z0-9]+/g, '-')}/${width}-${mode}.png`, fullPage: true });
      }
    });
  }
}
