// Products, categories, stock, and what the payment provider and the books disagree about.
import { call, sell, served } from '../../served.ts';
import { expect, type Desk } from '../office.ts';
import { archived, product } from '../made.ts';
import { answer, failed, refuse } from '../refusals.ts';
import type { State } from '../state.ts';

/** Opens a product, and what one of its buttons asks. */
async function opened(desk: Desk, of: Promise<{ id: string }>, ask?: string): Promise<void> {
  await desk.open(`/products/${(await of).id}`);
  await expect(desk.field('category_id').locator('option').nth(1)).toBeAttached(); // the categories are there
  if (ask) await desk.ask(ask);
}

/** Opens the tree of categories, and what the first button of a text asks. */
async function tree(desk: Desk, ask: string): Promise<void> {
  await desk.open('/categories');
  await desk.ask(ask);
}

const products: State[] = [
  {
    name: 'products',
    open: async (desk) => {
      await product();
      await archived();
      await desk.open('/products');
    },
  },
  { name: 'products, nothing found', open: (desk) => desk.open('/products?q=zeppelin') },
  {
    name: 'products, a category that is none',
    open: async (desk) => {
      desk.errors.expect(/status of 400/);
      await desk.open('/products?category=none');
    },
  },
  {
    name: 'products, failed',
    open: async (desk) => {
      await refuse(desk, 'catalog.v1.ProductService/ListProducts', failed);
      await desk.open('/products');
    },
  },
  { name: 'product', open: (desk) => opened(desk, product()) },
  { name: 'product, archived', open: (desk) => opened(desk, archived()) },
  {
    name: 'product, somebody else changed it, too',
    open: async (desk) => {
      const own = await sell(1);
      await opened(desk, Promise.resolve(own));
      await desk.field('name').fill('Blue bowl');
      await desk.field('description').fill('It is blue.');
      await call('catalog.v1.ProductService/UpdateProduct', { product: { id: own.id, name: 'Red bowl' }, updateMask: 'name' });
      desk.errors.expect(/status of (400|409)/);
      await desk.send();
      await expect(desk.page.locator('main form [data-kind=warn]')).toBeVisible();
    },
  },
  { name: 'product, a new one', open: (desk) => desk.open('/products/new') },
  {
    name: 'product, a new one refused',
    open: async (desk) => {
      desk.errors.expect(/status of 400/);
      await desk.open('/products/new');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
  {
    name: 'product, there is none',
    open: async (desk) => {
      desk.errors.expect(/status of 404/);
      await desk.open('/products/0190a5d1-ac96-774b-bcce-b302099a8001');
    },
  },
  { name: 'product, adjusting its stock', open: (desk) => opened(desk, product(), 'stock.adjust') },
  {
    name: 'product, taking more than there is',
    open: async (desk) => {
      await opened(desk, product(), 'stock.adjust');
      desk.errors.expect(/status of (400|409)/);
      await desk.field('delta').fill('-100');
      await desk.send();
      await expect(desk.summary).toBeFocused();
    },
  },
];

/** Opens the list of contradictions with one of a kind that has a text, and one that has none. */
async function contradicted(desk: Desk): Promise<void> {
  const contradiction = (eventType: string, cause: string) => ({ id: crypto.randomUUID(), eventId: 'evt_1NG8Du2eZvKYlo2C', eventType, cause, createTime: '2026-11-30T12:00:00Z' });
  await answer(desk, 'payment.v1.PaymentService/ListContradictions', {
    contradictions: [contradiction('payment_intent.succeeded', 'the amount is 12.00 EUR and not 11.00 EUR'), contradiction('events.gap', 'some events are not there any more')],
  });
  await desk.open('/contradictions');
  await expect(desk.rows).toHaveCount(2);
}

const rest: State[] = [
  { name: 'categories', open: (desk) => desk.open('/categories') },
  {
    name: 'categories, none yet',
    open: async (desk) => {
      await answer(desk, 'catalog.v1.CategoryService/ListCategories', {});
      await desk.open('/categories');
    },
  },
  { name: 'categories, a new one', open: (desk) => tree(desk, 'category.new') },
  { name: 'categories, changing one', open: (desk) => tree(desk, 'category.change') },
  { name: 'categories, deleting one', open: (desk) => tree(desk, 'category.delete') },
  {
    name: 'categories, one that is not empty',
    open: async (desk) => {
      desk.errors.expect(/status of (400|409)/);
      await desk.open('/categories');
      await desk.page.locator('.tree [role=row]').filter({ hasText: 'Things for the house' }).getByRole('button', { name: desk.say('category.delete') }).click();
      await desk.dialog.locator('.button[data-kind=bad]').click();
      await expect(desk.dialog.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'little stock', open: (desk) => desk.open('/stock') },
  {
    name: 'little stock, enough of everything',
    open: async (desk) => {
      await answer(desk, 'inventory.v1.InventoryService/ListLowStock', {});
      await desk.open('/stock');
    },
  },
  { name: 'contradictions, none', open: (desk) => desk.open('/contradictions') },
  { name: 'contradictions', open: contradicted },
  {
    name: 'contradictions, clearing one up',
    open: async (desk) => {
      await contradicted(desk);
      await desk.rows.first().click();
      await expect(desk.dialog).toBeVisible();
    },
  },
  { name: 'products of a category', open: (desk) => desk.open(`/products?category=${served.category.split('/')[2]}&view=active&sort=price+desc`) },
];

export const goods: State[] = [...products, ...rest];
