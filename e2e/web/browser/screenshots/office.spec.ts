// Pictures of each screen of the office in each state, and what is printed, for people to look at.
import { paid } from '../office/made.ts';
import { expect, test } from '../office/office.ts';
import { states } from '../office/states.ts';
import { take } from './pictures.ts';

for (const state of states) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(() => {
      test.use({ who: state.who ?? 'owner' });

      test(`office: ${state.name}, ${colorScheme}`, async ({ desk, page }) => {
        await page.emulateMedia({ colorScheme });
        await state.open(desk);
        await take(page, `office/${state.name}`, colorScheme);
      });
    });
  }
}

for (const count of [1, 50]) {
  test(`office: ${count} printed`, async ({ page }) => {
    const orders = [];
    for (let i = 0; i < count; i++) orders.push(await paid(i % 2 === 0 ? 'BLUE' : 'LONG', 1 + (i % 3)));
    for (const sheet of ['slip', 'receipt', 'pick']) {
      await page.goto(`/office/print?sheet=${sheet}&orders=${orders.map(({ id }) => id).join('%2C')}`);
      await expect(page.locator('.print-sheet').last()).toBeVisible();
      for (const format of ['A4', 'Letter'] as const) await page.pdf({ format, path: `pictures/office/paper/${sheet}-${count}-${format}.pdf` });
    }
  });
}
