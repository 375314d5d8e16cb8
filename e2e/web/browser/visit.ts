// What visitors do on the pages.
import { expect, type Locator, type Page } from '@playwright/test';

/** What somebody types into the checkout, by the names of its fields. */
export const ada: Readonly<Record<string, string>> = {
  'contact.email': 'ada@example.com',
  'contact.first_name': 'Ada',
  'contact.last_name': 'Lovelace',
  'shipping_address.address_lines[0]': '12 St James’s Square',
  'shipping_address.postal_code': 'SW1Y 4JH',
  'shipping_address.locality': 'London',
  'shipping_address.region_code': 'GB',
};

let count = 0;

/** Returns an e-mail address that nobody else has. */
export function address(): string {
  return `guest-${process.pid}-${++count}@example.com`;
}

/** Returns the form that is sent to an address, in whichever language. */
export function form(page: Page, action: string) {
  return page.locator(`form[action$="${action}"]`);
}

/** Puts some of a product into the visitor's cart, without a page. */
export async function holds(page: Page, code: string, quantity = 1): Promise<void> {
  await expect(async () => {
    const answer = await page.request.post('/cart/add', { form: { code, quantity }, maxRedirects: 0 });
    expect(answer.headers()['location']).toMatch(/^\/cart\?added=/);
  }).toPass();
}

/** Types into the checkout. */
export async function fill(page: Page, typed: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(typed)) {
    const field = form(page, '/checkout/place').locator(`[name="${name}"]`);
    if ((await field.evaluate((element) => element.localName)) === 'select') await field.selectOption(value);
    else await field.fill(value);
  }
}

/** Presses the button that orders. */
export async function order(page: Page): Promise<void> {
  await form(page, '/checkout/place').getByRole('button').click();
}

/** Returns what heads the page of an order that is paid. */
function paid(page: Page) {
  return page.getByRole('heading', { name: 'Thank you, your order is paid' });
}

/** Waits until the page of an order that is paid is shown. Without JavaScript it has to be read again. */
export async function isPaid(page: Page, again = false): Promise<void> {
  await expect(page).toHaveURL(/\/orders\/[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  if (!again) return expect(paid(page)).toBeVisible();
  return expect(async () => {
    await page.reload();
    await expect(paid(page)).toBeVisible({ timeout: 1 });
  }).toPass();
}

/** Puts one of a product into the cart and types all into the checkout; returns the e-mail address. */
export async function readyToOrder(page: Page, code: string): Promise<string> {
  const email = address();
  await holds(page, code);
  await page.goto('/checkout');
  await fill(page, { ...ada, 'contact.email': email });
  return email;
}

/** Returns what the fields of the checkout hold, by name. */
export async function typedIn(page: Page): Promise<Record<string, string>> {
  return form(page, '/checkout/place').evaluate((element) => {
    const all: Record<string, string> = {};
    new FormData(element as HTMLFormElement).forEach((value, name) => (all[name] = String(value)));
    return all;
  });
}

/** Presses Tab until something has the focus, which is seen at each step. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  const element = await target.elementHandle();
  for (let step = 0; step < 200; step++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate((wanted) => {
      const focused = document.activeElement ?? document.body;
      // A card shows the focus of its link around its picture.
      const shown = focused.closest('.product-card')?.querySelector('.swatch') ?? focused;
      // Within the field of a day, the button of its calendar shows its focus itself.
      const seen = focused === document.body || focused.matches('input[type=date]') || getComputedStyle(shown).outlineStyle !== 'none';
      return { there: focused === wanted, seen, html: focused.outerHTML };
    }, element);
    expect(at.seen, `${at.html} is seen to have the focus`).toBe(true);
    if (at.there) return;
  }
  throw new Error(`Tab does not reach ${target}`);
}
