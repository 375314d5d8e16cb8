// The grid of prices and stock, and the tree of categories while one is moved.
import { product } from '../made.ts';
import { expect, type Desk } from '../office.ts';
import { failed, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

/** Opens the grid with one product, and pastes into its price and stock. */
async function changed(desk: Desk, price: string, stock: string): Promise<void> {
  const { code } = await product();
  await desk.open('/products/grid');
  await desk.ask('grid.paste');
  await desk.field('list').fill(`${code}\t${price}\t${stock}\nUNKNOWN-1\t1\n`);
  await desk.send();
  await expect(desk.rows).toHaveCount(1);
}

export const grid: State[] = [
  {
    name: 'prices and stock',
    open: async (desk) => {
      await product();
      await desk.open('/products/grid');
    },
  },
  { name: 'prices and stock, nothing found', open: (desk) => desk.open('/products/grid?q=zeppelin') },
  { name: 'prices and stock, nothing changed', open: (desk) => desk.open('/products/grid?only=changed') },
  {
    name: 'prices and stock, failed',
    open: async (desk) => {
      await refuse(desk, 'inventory.v1.InventoryService/BatchGetStock', failed);
      await desk.open('/products/grid');
    },
  },
  {
    name: 'prices and stock, a cell is typed into',
    open: async (desk) => {
      await product();
      await desk.open('/products/grid');
      await desk.rows.first().locator('[role=gridcell]:not([aria-readonly=true])').first().focus();
      await desk.page.keyboard.press('F2');
      await expect(desk.page.locator('.data-grid input')).toBeFocused();
    },
  },
  {
    name: 'prices and stock, pasting a list',
    open: async (desk) => {
      await desk.open('/products/grid');
      await desk.ask('grid.paste');
    },
  },
  {
    name: 'prices and stock, an empty list',
    open: async (desk) => {
      await desk.open('/products/grid');
      await desk.ask('grid.paste');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  { name: 'prices and stock, changes', open: (desk) => changed(desk, '21', '+3') },
  { name: 'prices and stock, what can’t be read', open: (desk) => changed(desk, 'much', 'more') },
  {
    name: 'prices and stock, refused',
    open: async (desk) => {
      await changed(desk, '19', '-100');
      await desk.page.locator('.bulk-bar .button:not([data-kind=quiet])').click();
      await expect(desk.rows.first().locator('[data-label]').last()).not.toBeEmpty();
    },
  },
  {
    name: 'categories, moving one',
    open: async (desk) => {
      await desk.open('/categories');
      await desk.button('category.move').first().click();
      await expect(desk.button('category.leave')).toBeVisible();
    },
  },
];
