// Pictures of each page in each state, for people to look at.
import { test } from '../check.ts';
import { states } from '../states.ts';
import { take } from './pictures.ts';

for (const state of states) {
  for (const [mode, language, colorScheme] of [['light', '', 'light'], ['dark', '', 'dark'], ['ar', '/ar', 'light']] as const) {
    test(`${state.name}, ${mode}`, async ({ page, errors }) => {
      await page.emulateMedia({ colorScheme });
      await state.open({ page, errors, language });
      await take(page, state.name, mode);
    });
  }
}
