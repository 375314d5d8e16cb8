// A form tells what is missing, where it is missing, in words (vendure#4741, vendure#4173).
import { call, mailedBy, sell } from '../served.ts';
import { paid } from './made.ts';
import { expect, test, type Desk } from './office.ts';
import { calls, failed, refuse } from './refusals.ts';

/** The forms of the office that can be wrong, by how one comes to them, and a field that is. */
const forms: Record<string, { open: (desk: Desk) => Promise<void>; wrong: string }> = {
  'a new product': { open: (desk) => desk.open('/products/new'), wrong: 'category_id' },
  'a picture of a product': {
    open: async (desk) => {
      await desk.open(`/products/${(await sell(1)).id}`);
      await desk.field('images').fill('/mug.jpg A mug\nftp://pictures.example/mug.jpg');
    },
    wrong: 'images', // the contract names it product.images[1].url
  },
  'a new category': {
    open: async (desk) => {
      await desk.open('/categories');
      await desk.ask('category.new');
    },
    wrong: 'name',
  },
  'an invitation': {
    open: async (desk) => {
      await desk.open('/staff');
      await desk.ask('staff.invite');
    },
    wrong: 'email',
  },
  'an API key': {
    open: async (desk) => {
      await desk.open('/staff');
      await desk.ask('key.make');
    },
    wrong: 'display_name',
  },
  'a correction': {
    open: async (desk) => {
      await desk.open(`/orders/${(await paid()).id}`);
      await desk.ask('correct.open');
      await desk.field('contact.email').fill('');
    },
    wrong: 'contact.email',
  },
  'a refund of an amount': {
    open: async (desk) => {
      await desk.open(`/orders/${(await paid()).id}`);
      await desk.ask('refund.open');
      await desk.field('by').selectOption('amount');
    },
    wrong: 'amount',
  },
  'a setting': {
    open: async (desk) => {
      await desk.open('/settings?context=storefront');
      await desk.field('time_zone').fill('Nowhere/Land');
    },
    wrong: 'time_zone',
  },
};

for (const [name, { open, wrong }] of Object.entries(forms)) {
  test(`${name}: the button is never dead, and what is wrong stands at its field and in a summary`, async ({ desk, page, errors }) => {
    errors.expect(/status of 4\d\d/);
    await open(desk);
    const submit = page.locator('form:not([role=search]) button[type=submit]').last();
    await expect(submit).toBeEnabled();
    await desk.send();
    await expect(desk.summary).toBeFocused();
    await expect(desk.field(wrong)).toHaveAttribute('aria-invalid', 'true');
    await expect(desk.field(wrong)).toHaveAccessibleDescription(/\w/);
    const problems = desk.summary.getByRole('listitem').getByRole('button');
    expect(await problems.count(), 'the summary names what is wrong').toBeGreaterThan(0);
    for (const problem of await problems.all()) {
      await problem.click();
      await expect(page.locator('form [data-field] :focus'), 'it leads to a field').toHaveCount(1);
    }
    await expect(submit).toBeEnabled();
    await expect(desk.summary).not.toContainText(/INVALID|undefined|\[object|Error/);
  });
}

// Without lines and amount the contract gives back all.
test('a refund of no items gives back nothing', async ({ desk, page }) => {
  const order = await paid((await sell(3)).code, 2);
  await desk.open(`/orders/${order.id}`);
  await desk.ask('refund.open');
  await desk.send();
  await expect(desk.summary).toContainText('Say how many items the money is for.');
  await desk.summary.getByRole('listitem').getByRole('button').click();
  await expect(desk.dialog.locator('[data-field^="lines."] input').first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(desk.dialog.getByRole('button', { name: 'Give back €5.00 for 1 item' })).toBeVisible();
  await desk.send();
  await desk.said('€5.00 is being given back.');
  await expect
    .poll(async () => (await call<{ order: { refunded?: { units: string } } }>('order.v1.OrderService/GetOrder', { id: order.id })).order.refunded?.units)
    .toBe('5');
});

// vendure#4173
test('a failure of the shop is told in words, with its reference, and the form stays', async ({ desk }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('ship.open');
  await desk.field('carrier').fill('Post');
  await refuse(desk, 'order.v1.OrderService/ShipOrder', failed, 1);
  await desk.send();
  await expect(desk.summary).toHaveText('Something went wrong in the shop. Nothing that you typed is lost. Reference: 0190a5d1-ac96');
  await expect(desk.field('carrier')).toHaveValue('Post');
  await desk.send();
  await desk.said(`${order.number} is shipped.`);
});

test('a button that is pressed twice does once: both are the same request', async ({ desk, page }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('ship.open');
  const ids = new Set<string>();
  page.on('request', (request) => {
    if (request.url() === calls('order.v1.OrderService/ShipOrder')) ids.add((request.postDataJSON() as { requestId: string }).requestId);
  });
  await desk.dialog.locator('button[type=submit]').dblclick();
  await desk.said(`${order.number} is shipped.`);
  expect(ids.size).toBe(1);
  await mailedBy(order, 'ORDER_SHIPPED');
  await call('order.v1.OrderService/UpdateOrder', { order: { id: order.id, shipment: { carrier: 'Parcels' } }, updateMask: 'shipment.carrier' });
  expect(await mailedBy(order, 'ORDER_UPDATED'), 'one mail tells it').toEqual(['ORDER_CONFIRMED', 'ORDER_SHIPPED', 'ORDER_UPDATED']);
});

test.describe(() => {
  test.use({ language: 'de' });

  test('what is wrong with a field is said in the office’s language (vendure#4173)', async ({ desk, errors }) => {
    errors.expect(/status of 400/);
    await desk.open('/products/new');
    await desk.field('code').fill('a b');
    await desk.send();
    await expect(desk.summary).toBeFocused();
    await expect(desk.field('code')).toHaveAccessibleDescription(/Das ist nicht so geschrieben, wie es sein muss\./);
    await expect(desk.field('name')).toHaveAccessibleDescription(/Das wird gebraucht\./);
    await expect(desk.summary).not.toContainText(/must |required|Nicht angenommen/);
  });
});

test('a country is found by a part of its name, and saved as its code', async ({ desk, page }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  const country = desk.field('shipping_address.region_code');
  await expect(country).toHaveValue('United Kingdom');
  await country.fill('austri');
  await expect(page.getByRole('listbox').getByRole('option')).toHaveText(['Austria']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(country).toHaveValue('Austria');
  await country.fill('nowhere');
  await page.keyboard.press('Tab');
  await expect(country, 'what is no country is not kept').toHaveValue('Austria');
  await expect(country).toHaveAccessibleDescription(/“nowhere” is not in the list\./);
  for (const name of ['Österreich', 'at']) { // in the office’s other language, and the code
    await country.fill(name);
    await expect(page.getByRole('listbox').getByRole('option', { name: 'Austria', exact: true })).toBeVisible();
  }
  await page.getByRole('option', { name: 'Austria', exact: true }).click();
  await expect(country).toHaveValue('Austria');
  await desk.send();
  await desk.said(`${order.number} is corrected.`);
  const { order: now } = await call<{ order: { shippingAddress: object } }>('order.v1.OrderService/GetOrder', { id: order.id });
  expect(now.shippingAddress).toMatchObject({ regionCode: 'AT', locality: 'London' });
});

test('a form states which fields the contract needs, and how long they may be', async ({ desk }) => {
  await desk.open(`/orders/${(await paid()).id}`);
  await desk.ask('correct.open');
  await expect(desk.field('contact.first_name')).toHaveAttribute('maxlength', '100');
  await expect(desk.field('contact.first_name')).toHaveAttribute('aria-required', 'true');
  await expect(desk.field('contact.phone')).toHaveAttribute('maxlength', '40');
  await expect(desk.field('contact.phone')).not.toHaveAttribute('aria-required', 'true');
});

test('an attribute that is added leaves the others as they are: a colon in a name, lines in a value', async ({ desk, page }) => {
  const product = await sell(1);
  const attributes = { 'Size: EU': '38', care: 'by hand\nno heat' };
  await call('catalog.v1.ProductService/UpdateProduct', { product: { id: product.id, attributes }, updateMask: 'attributes' });
  await desk.open(`/products/${product.id}`);
  await desk.button('attribute.add').click();
  await desk.field('attribute-2.name').fill('colour');
  await desk.field('attribute-2.value').fill('red');
  await desk.send();
  await desk.said('is saved.');
  const { product: now } = await call<{ product: { attributes: object } }>('catalog.v1.ProductService/GetProduct', { id: product.id });
  expect(now.attributes).toEqual({ ...attributes, colour: 'red' });
  await desk.button('attribute.remove').first().click();
  await desk.field('attribute-1.name').fill('care');
  await expect(page.getByText('“care” is there more than once: the last value counts.')).toBeVisible();
});

test('a country that is none is shown as it is, and stays where nobody changes it', async ({ desk, page }) => {
  const order = await paid();
  await page.route(calls('order.v1.OrderService/GetOrder'), async (route) => {
    const answered = await route.fetch();
    const { order: read } = (await answered.json()) as { order: { shippingAddress: object } };
    await route.fulfill({ response: answered, json: { order: { ...read, shippingAddress: { ...read.shippingAddress, regionCode: 'Albion' } } } });
  }, { times: 1 });
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await expect(desk.field('shipping_address.region_code')).toHaveValue('Albion');
  await desk.field('contact.phone').fill('+44 20 7946 0018');
  const sent = page.waitForRequest(calls('order.v1.OrderService/UpdateOrder'));
  await desk.send();
  expect((await sent).postDataJSON()).toMatchObject({ updateMask: 'contact.phone' });
  await desk.said(`${order.number} is corrected.`);
});

test('a setting tells from what to what it goes, and a number stays within that', async ({ desk }) => {
  await desk.open('/settings?context=order');
  await expect(desk.field('payment_window')).toHaveAccessibleDescription(/From 1 s to 30 d\./);
  const orders = desk.field('max_unpaid_orders');
  await expect(orders).toHaveAccessibleDescription(/From 1 to 10,000\./);
  await orders.fill('20000');
  await orders.press('Tab');
  await expect(orders).toHaveValue('10,000');
  await orders.fill('');
  await orders.press('Tab');
  await expect(orders, 'what is empty has its default').toHaveValue('20');
});
