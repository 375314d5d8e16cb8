// How screens look, in each state and both languages: nobody is kept out, and nothing is wider
// than the screen.
import { shownInAnotherLanguage, shownToAll } from '../check.ts';
import { expect, test } from './office.ts';
import { shorten } from './refusals.ts';
import { states } from './states.ts';

for (const state of states) {
  test.describe(state.name, () => {
    test.use({ who: state.who ?? 'owner' });

    test(`${state.name}: light and dark, less motion, narrow, large text, forced colours, and German`, async ({ desk, page, who }) => {
      await shorten(desk);
      await state.open(desk);
      await shownToAll(page);
      const german = await desk.anew(who, 'de');
      await shorten(german);
      await state.open(german);
      await expect(page.locator('html')).toHaveAttribute('lang', 'de');
      await shownInAnotherLanguage(page);
    });
  });
}
