// The tree of categories, by the keyboard alone.
import { call } from '../served.ts';
import { category, type Category } from './made.ts';
import { expect, test, type Desk } from './office.ts';

/** What a category is in. */
async function parentOf({ id }: Category): Promise<string> {
  const answer = await call<{ category: Category }>('catalog.v1.CategoryService/GetCategory', { id });
  return answer.category.parentId ?? '';
}

const rowOf = (desk: Desk, { id }: { id: string }) => desk.page.locator(`.tree [data-key="${id}"]`);

test('arrow keys open, close and lead through the tree, and Enter changes a category', async ({ desk, page }) => {
  const lamps = await category('Lamps');
  const desks = await category('Lamps for desks', lamps.id);
  await desk.open('/categories');
  await rowOf(desk, lamps).focus();
  await page.keyboard.press('ArrowLeft');
  await expect(rowOf(desk, desks)).toHaveCount(0);
  await expect(rowOf(desk, lamps)).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(rowOf(desk, desks)).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(rowOf(desk, desks)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(desk.field('name')).toHaveValue(desks.name);
  await page.keyboard.press('Escape');
  await expect(rowOf(desk, desks)).toBeFocused();
});

test('a category is moved by keys, and never into itself', async ({ desk, page }) => {
  const [from, into] = [await category('From'), await category('Into')];
  const moved = await category('Moved', from.id);
  const inner = await category('Inner', moved.id);
  await desk.open('/categories');
  await rowOf(desk, moved).focus();
  await page.keyboard.press('ControlOrMeta+X');
  await expect(page.getByRole('status').filter({ hasText: `${moved.name} is being moved.` })).toBeVisible();
  await rowOf(desk, inner).focus();
  await page.keyboard.press('ControlOrMeta+V');
  await desk.said(`${moved.name} can’t be within itself.`);
  await page.keyboard.press('Escape');
  await expect(page.getByText('is being moved.')).toHaveCount(0);

  await rowOf(desk, moved).focus();
  await page.keyboard.press('ControlOrMeta+X');
  await rowOf(desk, into).focus();
  await page.keyboard.press('Enter');
  await desk.said(`${moved.name} is now in ${into.name}.`);
  expect(await parentOf(moved)).toBe(into.id);
  await expect(rowOf(desk, moved)).toHaveAttribute('aria-level', '2');
  await expect(rowOf(desk, inner)).toHaveAttribute('aria-level', '3');

  await rowOf(desk, moved).getByRole('button', { name: 'Move', exact: true }).click();
  await expect(rowOf(desk, moved)).toBeFocused();
  await desk.button('category.to_top').click();
  await desk.said(`${moved.name} is now at the top.`);
  expect(await parentOf(moved)).toBe('');
});

test('somebody else changed the category meanwhile: it says so, and the next try moves it', async ({ desk, page, errors }) => {
  errors.expect(/status of (400|409)/);
  const [moved, into] = [await category('Moved'), await category('Into')];
  await desk.open('/categories');
  await rowOf(desk, moved).focus();
  await page.keyboard.press('ControlOrMeta+X');
  await call('catalog.v1.CategoryService/UpdateCategory', { category: { id: moved.id, description: 'Old ones' }, updateMask: 'description' });
  await rowOf(desk, into).focus();
  await page.keyboard.press('ControlOrMeta+V');
  await expect(page.getByRole('alert')).toContainText('Somebody else changed this meanwhile.');
  const again = desk.button('action.retry');
  await expect(async () => {
    if (await again.isVisible()) await again.click();
    expect(await parentOf(moved)).toBe(into.id);
  }).toPass();
  await desk.said(`${moved.name} is now in ${into.name}.`);
});

test.describe(() => {
  test.use({ who: 'clerk' });

  test('who may not see categories is told which permission that needs', async ({ desk, page }) => {
    await desk.open('/categories');
    await expect(page.locator('main')).toContainText('see drafts of products');
  });
});
