// What is loading holds the place of what comes: nothing that is shown moves.
import type { Locator, Page } from '@playwright/test';
import { observe } from '../budgets/measure.ts';
import { customer, product, toShip } from './made.ts';
import { expect, test, type Desk } from './office.ts';
import { delay } from './refusals.ts';

// How far something may be from where it will be, in pixels: less than any line of text.
const near = 4;
// How much of the screen may move by how far, as the budget of the shop's pages has it.
const most = 0.02;

/** A part of a screen that comes with the answers to some methods. */
interface Part {
  methods: readonly string[];
  /** What is shown while it is loading, and stays where it is, on a screen of any width. */
  stays: readonly string[];
  /** The same, where rows are no cards and parts stand beside each other. */
  staysWhereWide?: readonly string[];
  /** Waits until it is shown, where other parts are loading still. */
  there?: () => Promise<void>;
}

interface Loading {
  path: () => Promise<string>;
  parts: readonly Part[];
}

const skeletons = (desk: Desk): Locator => desk.page.locator('#main .skeleton');
const columns = (desk: Desk, ...ids: string[]): string[] => ids.map((id) => `column ${desk.say(id)}`);
const headings = (desk: Desk, ...ids: string[]): string[] => ids.map((id) => `heading ${desk.say(id)}`);

const screens: Record<string, (desk: Desk) => Loading> = {
  'the list of orders': (desk) => ({
    path: async () => {
      await toShip();
      return '/orders';
    },
    parts: [{ methods: ['order.v1.OrderService/ListOrders'], stays: ['row 1', 'row 2'], staysWhereWide: columns(desk, 'order.number', 'order.total') }],
  }),
  'the list of products': (desk) => ({
    path: () => Promise.resolve('/products'),
    parts: [
      {
        methods: ['catalog.v1.CategoryService/ListCategories'],
        stays: ['row 1', 'row 2'],
        staysWhereWide: columns(desk, 'product.code', 'product.status'),
        there: () => expect(desk.page.locator('[name=category] option')).not.toHaveCount(1),
      },
      { methods: ['catalog.v1.ProductService/ListProducts'], stays: ['row 1', 'row 2'], staysWhereWide: columns(desk, 'product.code', 'product.status') },
    ],
  }),
  'the list of customers': (desk) => ({
    path: async () => {
      await customer();
      return '/customers';
    },
    parts: [{ methods: ['customer.v1.CustomerService/ListCustomers'], stays: ['row 1'], staysWhereWide: columns(desk, 'contact.name', 'customer.since') }],
  }),
  'an order': (desk) => ({
    path: async () => `/orders/${(await toShip()).id}`,
    parts: [
      {
        methods: ['order.v1.OrderService/GetOrder'],
        stays: headings(desk, 'order.lines'),
        staysWhereWide: headings(desk, 'order.customer', 'order.payment'),
        there: () => expect(skeletons(desk)).toHaveCount(3),
      },
      {
        methods: ['payment.v1.PaymentService/GetPayment', 'payment.v1.PaymentService/ListRefunds', 'notification.v1.NotificationService/ListNotifications', 'order.v1.OrderService/GetOrderTimeline'],
        stays: headings(desk, 'order.payment', 'order.mails'),
        staysWhereWide: headings(desk, 'order.timeline'),
      },
    ],
  }),
  today: (desk) => ({
    path: () => Promise.resolve('/'),
    parts: [
      {
        methods: ['order.v1.OrderService/ListOrders', 'notification.v1.NotificationService/ListNotifications', 'inventory.v1.InventoryService/ListLowStock', 'order.v1.OrderService/SummarizeOrders'],
        stays: headings(desk, 'sales.title'),
      },
    ],
  }),
  'a product': (desk) => ({
    path: async () => `/products/${(await product()).id}`,
    parts: [
      { methods: ['catalog.v1.ProductService/GetProduct'], stays: [], staysWhereWide: headings(desk, 'stock.title'), there: () => expect(skeletons(desk)).toHaveCount(2) },
      { methods: ['inventory.v1.InventoryService/GetStock', 'inventory.v1.InventoryService/ListMovements'], stays: headings(desk, 'stock.title', 'stock.ledger') },
    ],
  }),
};

/** Where headings, columns and rows stand, in pixels from the top of the page. */
async function places(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const kinds = { heading: 'h2, h3', column: 'thead th' };
    const all: Record<string, number> = {};
    const note = (name: string, element: Element): void => {
      if (element.checkVisibility()) all[name] ??= element.getBoundingClientRect().top + scrollY;
    };
    for (const [kind, selector] of Object.entries(kinds)) {
      document.querySelectorAll(`main :is(${selector})`).forEach((element) => note(`${kind} ${element.textContent}`, element));
    }
    document.querySelectorAll('main tbody tr').forEach((row, at) => note(`row ${at + 1}`, row));
    return all;
  });
}

for (const [device, viewport] of Object.entries({ 'a desk': { width: 1280, height: 900 }, 'a phone': { width: 412, height: 823 } })) {
  for (const [name, loading] of Object.entries(screens)) {
    test(`${name}, while it is loading on ${device}, is where it will be`, async ({ desk, page }) => {
      const { path, parts } = loading(desk);
      await observe(page.context());
      await page.setViewportSize(viewport);
      const letGo = [];
      for (const { methods } of parts) letGo.push(await delay(desk, methods));
      await page.goto(`/office${await path()}`);
      for (const [at, { stays, staysWhereWide = [], there = () => desk.ready() }] of parts.entries()) {
        await expect(skeletons(desk).locator('> *').first()).toBeVisible();
        const before = await places(page);
        letGo[at]?.();
        await there();
        const after = await places(page);
        for (const what of device === 'a desk' ? [...stays, ...staysWhereWide] : stays) {
          expect(before, 'it is there while it is loading').toHaveProperty([what]);
          expect(Math.abs((after[what] ?? Infinity) - (before[what] ?? 0)), `${what}: ${before[what]} px, and ${after[what]} px`).toBeLessThanOrEqual(near);
        }
      }
      await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
      expect(await page.evaluate(() => window.measured.cls)).toBeLessThanOrEqual(most);
    });
  }
}
