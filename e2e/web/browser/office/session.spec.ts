// A session that ends loses nothing (BroadleafCommerce#356, keycloak#14122), and nobody sees what
// is another's.
import { call, served, type Order } from '../served.ts';
import { paid } from './made.ts';
import { Desk, expect, test } from './office.ts';
import { answer, calls, expired, failed, refuse, unproved } from './refusals.ts';

const methods = { list: 'order.v1.OrderService/ListOrders', update: 'order.v1.OrderService/UpdateOrder', renew: 'identity.v1.AccountService/RefreshSession' };

/** Signs in by the form that is shown. */
async function signIn(desk: Desk, who: keyof typeof served.people = 'owner'): Promise<void> {
  const { email, password } = served.people[who];
  await desk.field('email').fill(email);
  await desk.field('password').fill(password);
  await desk.field('password').press('Enter');
}

async function phoneOf(order: Order): Promise<string | undefined> {
  const { order: now } = await call<{ order: { contact: { phone?: string } } }>('order.v1.OrderService/GetOrder', { id: order.id });
  return now.contact.phone;
}

test.describe('nobody is signed in', () => {
  test.use({ who: 'nobody' });

  test('who works for the shop signs in, and goes on after a reload', async ({ desk, page, errors }) => {
    errors.expect(/status of 401/);
    await desk.open('/orders');
    await expect(page.getByRole('heading', { name: 'Sign in to the office' })).toBeVisible();
    await signIn(desk, 'newcomer'); // signing out renews every tab of the account
    await expect(page.getByRole('heading', { name: 'Orders' })).toBeVisible(); // what the address says
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Orders' })).toBeVisible();
    await desk.button('session.sign_out').click();
    await expect(page.getByRole('heading', { name: 'Sign in to the office' })).toBeVisible();
  });

  test('no script and no storage of the browser holds a token', async ({ desk, page, context, errors }) => {
    errors.expect(/status of 401/);
    await desk.open('/');
    await signIn(desk);
    await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))).not.toMatch(/sm_rt|eyJ/);
    expect((await context.cookies()).filter(({ name }) => name.endsWith('sm_rt'))).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
  });
});

// BroadleafCommerce#356
test('the session ends over a form: signing in over it saves what was typed', async ({ desk, context }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await desk.field('contact.phone').fill('+44 20 7946 0018');
  await context.clearCookies();
  await refuse(desk, methods.update, expired, 1);
  await desk.send();
  await expect(desk.page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
  await expect(desk.page.locator('.dialog').last().locator('[name=email]')).toHaveValue(served.people.owner.email);
  await desk.page.locator('.dialog').last().locator('[name=password]').fill(served.people.owner.password);
  await desk.page.keyboard.press('Enter');
  await desk.said(`${order.number} is corrected.`);
  expect(await phoneOf(order)).toBe('+44 20 7946 0018');
});

test('somebody else who signs in over it sees nothing of the one before', async ({ desk, page, context }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await context.clearCookies();
  await refuse(desk, methods.list, expired, 1);
  await desk.places.getByRole('link', { name: 'Orders' }).click();
  await expect(desk.dialog).toBeVisible();
  const loaded = page.waitForEvent('load');
  await signIn(desk, 'clerk');
  await loaded;
  await expect(page.getByRole('heading', { name: 'You may not see this' })).toBeVisible();
  await expect(page.locator('body')).not.toContainText(order.number);
});

// keycloak#14122
test('two tabs that renew the session at once stay in', async ({ desk, page, context, errors }) => {
  await desk.open('/orders');
  const other = new Desk(await context.newPage(), errors);
  await other.open('/orders');
  const renewed: number[] = [];
  context.on('response', (response) => {
    if (response.url() === calls(methods.renew)) renewed.push(response.status());
  });
  for (const tab of [desk, other]) await refuse(tab, methods.list, expired, 1);
  await Promise.all([desk, other].map(async (tab) => {
    await tab.page.getByRole('searchbox').fill('zeppelin');
    await tab.page.getByRole('searchbox').press('Enter');
    await expect(tab.page.getByText('Nothing fits these filters.')).toBeVisible();
    await expect(tab.dialog).toHaveCount(0);
  }));
  expect(renewed).toEqual([200, 200]);
  await page.reload();
  await desk.ready();
  await expect(page.getByText('Nothing fits these filters.')).toBeVisible();
});

test('a proof that is asked for is given, and then it is done; without it the screen says why not', async ({ desk, page }) => {
  const order = await paid();
  await desk.open(`/orders/${order.id}`);
  await desk.ask('correct.open');
  await desk.field('contact.phone').fill('+44 20 7946 0018');
  await refuse(desk, methods.update, unproved({}), 1);
  await desk.send();
  await expect(page.getByRole('heading', { name: 'Confirm that it is you' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(desk.summary).toContainText('Confirm that it is you');
  await refuse(desk, methods.update, unproved({}), 1);
  await desk.send();
  await page.locator('.dialog').last().locator('[name=password]').fill(served.people.owner.password);
  await page.keyboard.press('Enter');
  await desk.said(`${order.number} is corrected.`);
  expect(await phoneOf(order)).toBe('+44 20 7946 0018');
});

test.describe('a newcomer', () => {
  test.use({ who: 'newcomer' });

  test('signing out in one tab asks in the other, and signing in there goes on in both', async ({ desk, context, errors }) => {
    errors.expect(/status of 401/);
    await paid();
    await desk.open('/orders');
    const other = new Desk(await context.newPage(), errors);
    await other.open('/orders');
    await other.button('session.sign_out').click();
    await expect(other.page.getByRole('heading', { name: 'Sign in to the office' })).toBeVisible();
    await desk.page.getByRole('searchbox').fill('zeppelin');
    await desk.page.getByRole('searchbox').press('Enter');
    await expect(desk.page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
    await signIn(other, 'newcomer');
    await expect(other.rows.first()).toBeVisible();
    await expect(desk.page.getByText('Nothing fits these filters.')).toBeVisible();
  });

  // vendure#4741
  test('signing out that fails says so, and again signs out', async ({ desk, page, errors }) => {
    errors.expect(/status of 401/);
    await desk.open('/');
    await refuse(desk, 'identity.v1.AccountService/SignOut', failed, 1);
    await desk.button('session.sign_out').click();
    const notice = page.getByRole('banner').getByRole('alert');
    await expect(notice).toContainText('Something went wrong in the shop.');
    await notice.getByRole('button', { name: desk.say('action.retry') }).click();
    await expect(page.getByRole('heading', { name: 'Sign in to the office' })).toBeVisible();
  });

  test('types a wrong code, and the secret that the phone has stays good', async ({ desk, page, errors }) => {
    errors.expect(/status of 401/);
    const order = await paid();
    await desk.open(`/orders?q=${order.number}`);
    await refuse(desk, 'order.v1.OrderService/GetOrder', unproved({ enroll: 'true' }), 1);
    let drawn = 0;
    page.on('request', (request) => {
      if (request.url() === calls('identity.v1.AccountService/EnrollTotp')) drawn++;
    });
    await desk.rows.getByRole('link').click();
    const secret = await desk.dialog.locator('dd code').textContent();
    await desk.field('totp_code').fill('000000');
    await desk.send();
    await expect(desk.summary).toBeFocused();
    await expect(desk.dialog.locator('dd code')).toHaveText(secret ?? '');
    expect(drawn).toBe(1);
  });

  test('sets up one-time codes where the shop wants them, by a picture or a text, and goes on', async ({ desk }) => {
    desk.errors.expect(/status of 401/); // a check beside this one may sign the account out, and its token is renewed then
    const order = await paid();
    await answer(desk, 'identity.v1.AccountService/ConfirmTotp', { recoveryCodes: ['abcd-efgh'] }); // the account stays as it is for other checks
    await desk.open(`/orders?q=${order.number}`);
    await refuse(desk, 'order.v1.OrderService/GetOrder', unproved({ enroll: 'true' }), 1);
    await desk.rows.getByRole('link').click();
    await expect(desk.dialog.getByRole('img', { name: 'The secret as a QR code' })).toBeVisible();
    const uri = await desk.dialog.getByRole('link').getAttribute('href');
    const secret = await desk.dialog.locator('dd code').textContent();
    expect(uri).toMatch(/^otpauth:\/\/totp\//);
    expect(uri).toContain(`secret=${secret?.replaceAll(' ', '')}`);
    await desk.field('totp_code').fill('123456');
    await desk.send();
    await expect(desk.dialog.getByText('abcd-efgh')).toBeVisible();
    await desk.button('enroll.done').click();
    await expect(desk.page.getByRole('heading', { name: order.number })).toBeVisible();
  });
});
